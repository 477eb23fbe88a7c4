// Takes a picture of every page at desktop and phone width, light and dark: npm run site:screenshots [-- words of addresses]
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openSite } from './src/testing/open-site.ts'
import { pages } from './src/testing/pages.ts'

const folder = fileURLToPath(new URL('screenshots/', import.meta.url))
mkdirSync(folder, { recursive: true })
const wanted = process.argv.slice(2)
const chosen = pages().filter(page => wanted.length === 0 || wanted.some(word => page.includes(word)))
for (const [name, width, height] of [['desktop', 1280, 900], ['phone', 390, 844]]) {
  for (const dark of [false, true]) {
    const site = await openSite({ width, height, dark })
    const page = await site.context.newPage()
    for (const path of chosen) {
      await page.goto(site.url + (path === '/404' ? '/404.html' : path))
      await page.waitForTimeout(300)
      const file = `${folder}${path.slice(1).replaceAll('/', '_') || 'front'}-${name}-${dark ? 'dark' : 'light'}.png`
      await page.screenshot({ path: file, fullPage: true })
    }
    await site.close()
  }
}
console.log(`${chosen.length * 4} pictures in ${folder}`)
