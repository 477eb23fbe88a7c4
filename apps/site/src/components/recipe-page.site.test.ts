import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openSite, type OpenSite } from '../testing/open-site.ts'

let site: OpenSite
beforeAll(async () => {
  // As high as the page: an editor draws the lines alone that are seen.
  site = await openSite({ height: 3200 })
})
afterEach(async () => {
  await Promise.all(
    site.context.pages().map(async page => {
      // What one test has written is no draft of the next.
      await page.evaluate(() => localStorage.clear())
      await page.close()
    })
  )
})
afterAll(() => site.close())

const button = (page: Page, name: string): ReturnType<Page['getByRole']> =>
  page.getByRole('button', { name, exact: true })

async function open(recipe: string, hash = ''): Promise<Page> {
  const page = await site.context.newPage()
  await page.goto(`${site.url}/recipes/${recipe}${hash}`)
  await page.locator('.cm-content').waitFor()
  await page.getByLabel('Data').selectOption('Drawn shapes (no download)')
  await page.getByLabel('Backend').selectOption('wasm')
  return page
}

/** Writes over the first place where a text stands in the editor's lines. */
async function edit(page: Page, line: string, written: string): Promise<void> {
  await page.locator('.cm-line', { hasText: line }).first().click()
  await page.keyboard.press('End')
  await page.keyboard.press('Shift+Home')
  await page.keyboard.type(written)
}

const shownSource = (page: Page): Promise<string> => page.locator('.cm-content').innerText()
const steps = (page: Page): Promise<number> =>
  page
    .locator('dt', { hasText: 'step' })
    .first()
    .locator('+ dd')
    .innerText()
    .then(text => parseInt(text, 10))

test('an edit runs: its units have curves, and Stop ends it where it is', async () => {
  const page = await open('02-greedy-infomax')
  await edit(
    page,
    'const recipe',
    `const recipe: Experiment = { ...simclr, name: 'mine', batchSize: 16, isolation: overlapping({ size: 3 }) }`
  )
  await button(page, 'Run').click()
  await page.locator('.uplot canvas').waitFor()
  await expect.poll(() => steps(page), { timeout: 60_000 }).toBeGreaterThan(3)
  expect(await page.getByRole('list', { name: 'Loss of each unit' }).locator('li').allInnerTexts()).toEqual([
    expect.stringMatching(/unit0\s+\d\.\d{3}/),
    expect.stringMatching(/unit1\s+\d\.\d{3}/)
  ])
  await button(page, 'Stop').click()
  await page.getByText('Stopped at step').waitFor()
  const at = await steps(page)
  await page.waitForTimeout(1500)
  expect(await steps(page)).toBe(at)
  expect(site.complaints).toEqual([])
})

test('Stop keeps what was learned: it is exported and resumed from that step', async () => {
  const page = await open('03-loco')
  await page.getByLabel('Steps').fill('400')
  await button(page, 'Run').click()
  await expect.poll(() => steps(page), { timeout: 60_000 }).toBeGreaterThan(2)
  await button(page, 'Stop').click()
  await page.getByText('Nothing is lost').waitFor({ timeout: 60_000 })
  const at = await steps(page)
  const weights = page.waitForEvent('download')
  await button(page, 'Export weights').click()
  expect((await weights).suggestedFilename()).toBe('03-loco-0.safetensors')
  await page.getByText(`Exported the weights of step ${at}`).waitFor()
  await page.getByRole('spinbutton', { name: 'Steps' }).fill(`${at + 2}`)
  await button(page, `Resume from step ${at}`).click()
  await page.getByText(`Done after ${at + 2} steps`).waitFor({ timeout: 60_000 })
  const [first] = await page.getByRole('list', { name: 'Loss of each unit' }).locator('li').allInnerTexts()
  // Begun anew, five units of NT-Xent would lose log(127) = 4.84 and more.
  expect(Number(/\d\.\d+/.exec(first!)![0])).toBeLessThan(4.9)
  expect(site.complaints).toEqual([])
})

test('a step that does not end is ended by a second Stop, and what that costs is said', async () => {
  const page = await open('02-greedy-infomax')
  await edit(
    page,
    'const recipe',
    'const recipe: Experiment = { ...simclr, name: "slow", batchSize: 16, loss: slowly }'
  )
  await page.keyboard.press('Control+End')
  await page.keyboard.insertText(`
let calls = 0
function slowly() {
  const loss = simclr.loss({ start: 0, end: 4 }, 0)
  return (views, batch) => {
    if (++calls > 8) for (const began = Date.now(); Date.now() - began < 120_000; );
    return loss(views, batch)
  }
}`)
  await button(page, 'Run').click()
  await expect.poll(() => steps(page).catch(() => 0), { timeout: 60_000 }).toBeGreaterThan(0)
  const stands = async (): Promise<boolean> => {
    const before = await steps(page)
    await page.waitForTimeout(3000)
    return (await steps(page)) === before
  }
  await expect.poll(stands, { timeout: 60_000 }).toBe(true)
  await button(page, 'Stop').click()
  await button(page, 'Stop now').click()
  await page.getByText('Weights that were not saved are lost').waitFor()
  await expect.poll(() => page.workers().length, { timeout: 20_000 }).toBe(0)
})

test('Ctrl+Enter runs what stands in the editor', async () => {
  const page = await open('02-greedy-infomax')
  await page.getByLabel('Steps').fill('1')
  const before = await shownSource(page)
  await page.locator('.cm-content').click()
  await page.keyboard.press('Control+Enter')
  await page.getByText('Done after 1 step').waitFor({ timeout: 60_000 })
  expect(await shownSource(page)).toBe(before)
})

test('edits survive a reload, and Reset brings the recipe back for good', async () => {
  const page = await open('02-greedy-infomax')
  const original = await shownSource(page)
  await edit(page, 'const recipe', 'const recipe = { ...simclr, name: "kept" }')
  await page.reload()
  await page.getByText('Your edits are back').waitFor()
  await expect.poll(() => shownSource(page)).toContain('name: "kept"')
  await button(page, 'Reset').click()
  await page.reload()
  await page.locator('.cm-content').waitFor()
  expect((await shownSource(page)).slice(0, 200)).toBe(original.slice(0, 200))
})

test('a recipe names its data before they are chosen, and offers none that the site does not serve', async () => {
  const page = await open('01-simclr')
  const menu = page.getByLabel('Data')
  const options = await menu
    .locator('option')
    .evaluateAll(all =>
      all.map(option => ({ said: option.textContent!.trim(), disabled: (option as HTMLOptionElement).disabled }))
    )
  expect(options[0]!.said).toMatch(/^The recipe's own: CIFAR-10/)
  const served = (await (await page.request.get(`${site.url}/data/index.json`)).json()) as Record<string, unknown>
  for (const { said, disabled } of options.slice(2)) {
    const name = said.startsWith('CIFAR-10') ? 'cifar10' : 'fashion-mnist'
    expect([said, disabled]).toEqual([said, !(name in served)])
  }
})

test('what a recipe imports stands below it', async () => {
  const page = await open('02-greedy-infomax')
  const imported = page.locator('.imported details')
  await imported.locator('summary').click()
  expect(await imported.locator('pre').innerText()).toContain('isolation: endToEnd()')
})

test('a shared link brings the edit back, Reset the recipe', async () => {
  const page = await open('02-greedy-infomax')
  const original = await shownSource(page)
  await edit(page, 'const recipe', 'const recipe = { ...simclr, name: "sharé 🛶" }')
  await button(page, 'Share').click()
  await expect.poll(() => page.url()).toContain('#code=')
  const other = await open('02-greedy-infomax', new URL(page.url()).hash)
  expect(await shownSource(other)).toContain('sharé 🛶')
  await button(other, 'Reset').click()
  // The editor shows no more lines than fit.
  const top = (source: string): string => source.split('export const')[0]!
  expect(top(await shownSource(other))).toBe(top(original))
  expect(other.url()).not.toContain('#')
})

test('a link that is cut off says so and shows the recipe', async () => {
  const page = await open('02-greedy-infomax', '#code=q1YqS')
  await page.getByText('cut off or damaged').waitFor()
  expect(await shownSource(page)).toContain('greedy()')
})

test('a syntax error marks its line, and the page lives on', async () => {
  const page = await open('02-greedy-infomax')
  await edit(page, 'const recipe', 'const recipe = = 3')
  await button(page, 'Run').click()
  await page.getByRole('alert').waitFor()
  const line = readFileSync(new URL('../../../../docs/recipes/02-greedy-infomax.ts', import.meta.url), 'utf8')
    .split('\n')
    .findIndex(text => text.startsWith('const recipe'))
  expect(await page.getByRole('alert').innerText()).toContain(`The recipe, line ${line + 1}`)
  expect(await page.locator('.ls-line-wrong').innerText()).toBe('const recipe = = 3')
  await button(page, 'Reset').click()
  await expect.poll(() => page.locator('.ls-line-wrong').count()).toBe(0)
})

test('Tab indents, and leaves the editor after Escape', async () => {
  const page = await open('01-simclr')
  await page.locator('.cm-content').focus()
  await page.keyboard.press('Tab')
  expect(await page.locator('.cm-content').evaluate(element => element === document.activeElement)).toBe(true)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  expect(await page.locator('.cm-content').evaluate(element => element === document.activeElement)).toBe(false)
})

test('a point of the map shows its image and class, and UMAP makes another map', async () => {
  const page = await open('03-loco')
  await page.getByLabel('Steps').fill('2')
  await button(page, 'Run').click()
  await page.getByText('Done after 2 steps').waitFor({ timeout: 60_000 })
  const map = page.getByRole('img', { name: /^Map of \d+ embeddings/ })
  const picture = (): Promise<string> => map.evaluate(canvas => (canvas as HTMLCanvasElement).toDataURL())
  const figure = page.locator('.map figure')
  await map.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await map.boundingBox())!
  expect(await figure.count()).toBe(0)
  // Across the middle, where points lie.
  await page.mouse.move(x + width / 2, y + height / 2)
  for (let part = 0.2; part < 0.8 && (await figure.count()) === 0; part += 0.02)
    await page.mouse.move(x + part * width, y + height / 2)
  expect(await figure.innerText()).toMatch(/^(disc|square|triangle|star|cross|ring|crescent|bars)$/)
  const colours = await figure.locator('canvas').evaluate(canvas => {
    const { width, height } = canvas as HTMLCanvasElement
    return new Set(
      new Uint32Array((canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data.buffer)
    ).size
  })
  expect(colours).toBeGreaterThan(10)
  await page.mouse.move(0, 0)
  await expect.poll(() => figure.count()).toBe(0)

  const pca = await picture()
  await button(page, 'UMAP').click()
  await expect.poll(picture, { timeout: 60_000 }).not.toBe(pca)
  await page.getByText('Computing UMAP').waitFor({ state: 'detached' })
  expect(await button(page, 'UMAP').getAttribute('aria-pressed')).toBe('true')
})

test('recipes go by their titles beside the page, and the navigation leads to all of them', async () => {
  const page = await open('03-loco')
  const beside = page.getByRole('navigation', { name: 'Sidebar' })
  expect(await beside.getByRole('link').allInnerTexts()).toEqual(
    expect.arrayContaining(['Recipes', 'SimCLR', 'Greedy InfoMax', 'LoCo'])
  )
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Recipes', exact: true }).click()
  await page.waitForURL('**/recipes/')
})

test('a run that is saved waits for the next visit, and no tab writes over another', async () => {
  const page = await open('02-greedy-infomax')
  const late = await open('02-greedy-infomax')
  const runAndSave = async (tab: Page): Promise<void> => {
    await tab.getByLabel('Steps').fill('2')
    await button(tab, 'Run').click()
    await tab.getByText('Done after 2 steps').waitFor({ timeout: 60_000 })
    const file = tab.waitForEvent('download')
    await button(tab, 'Save run').click()
    expect((await file).suggestedFilename()).toBe('02-greedy-infomax-0.lapstrake')
  }
  await runAndSave(page)
  await page.getByText('as a file and in this browser').waitFor()
  await runAndSave(late)
  await late.getByText('Another tab has since saved step 2').waitFor()
  await late.reload()
  await late.getByRole('button', { name: /^Resume from step 2 \(saved/ }).waitFor()
})
