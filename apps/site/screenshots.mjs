// Takes a picture of every page at desktop and phone width, light and dark, and of pages at work: npm run
// site:screenshots [-- words of names]
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openSite } from './src/testing/open-site.ts'
import { pages } from './src/testing/pages.ts'

const folder = fileURLToPath(new URL('screenshots/', import.meta.url))
const widths = { desktop: 1280, phone: 390 }
const minute = 60_000

/** Pages in states that somebody must bring about; each ends where the picture is taken. */
const atWork = {
  'recipe-running': [
    '/recipes/03-loco',
    async page => {
      await press(page, 'Run')
      await page.getByText('Embeddings').waitFor({ timeout: 5 * minute })
      await page.waitForTimeout(15_000)
    }
  ],
  'recipe-many-units': [
    '/recipes/02-greedy-infomax',
    async page => {
      await page.getByLabel('Steps').fill('12')
      await press(page, 'Run')
      await page.getByText('Done after').waitFor({ timeout: 5 * minute })
    }
  ],
  'recipe-wrong': [
    '/recipes/03-loco',
    async page => {
      await page.locator('.cm-line', { hasText: 'const recipe' }).first().click()
      await page.keyboard.press('End')
      await page.keyboard.type('oh =')
      await press(page, 'Run')
      await page.getByRole('alert').waitFor()
    }
  ],
  'playground-given': [
    '/playground',
    async page => {
      await page.getByRole('button', { name: 'Try it with sample images' }).click()
      await page.getByText('in 8 classes').waitFor({ timeout: minute })
      await page.locator('.thumbnails img').first().waitFor()
    }
  ],
  search: [
    '/guide/memory',
    async page => {
      await page.locator('#local-search button').click()
      await page.keyboard.type('ownership')
      await page.getByRole('option').first().waitFor()
    }
  ],
  'race-done': [
    '/',
    async page => {
      await page.getByRole('button', { name: 'Race' }).click()
      await page.getByText('Run and change the recipe').waitFor({ timeout: 5 * minute })
    }
  ]
}
const press = (page, name) => page.getByRole('button', { name, exact: true }).click()

const still = pages().map(path => [
  path.slice(1).replaceAll('/', '_') || 'front',
  [path === '/404' ? '/404.html' : path, async () => {}]
])
const words = process.argv.slice(2)
const chosen = [...still, ...Object.entries(atWork)].filter(
  ([name]) => words.length === 0 || words.some(word => name.includes(word))
)
mkdirSync(folder, { recursive: true })
const site = await openSite()
for (const [name, [path, act]] of chosen) {
  const page = await site.context.newPage()
  await page.goto(site.url + path)
  await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app'))
  await act(page)
  for (const [device, width] of Object.entries(widths)) {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      await page.waitForTimeout(200)
      // In a window as high as the page: what is drawn for the visible part alone is drawn as a whole.
      const height = await page.evaluate(() => document.documentElement.scrollHeight)
      await page.setViewportSize({ width, height })
      await page.waitForTimeout(300)
      await page.screenshot({ path: `${folder}${name}-${device}-${colorScheme}.png` })
    }
  }
  await page.close()
}
await site.close()
console.log(`${chosen.length * 4} pictures in ${folder}`)
