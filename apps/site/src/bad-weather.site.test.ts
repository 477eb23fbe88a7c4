import { existsSync, readFileSync } from 'node:fs'
import { decodeSafetensors, encodeSafetensors } from '@lapstrake/checkpoints'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunEvent, RunRequest } from './run/protocol.ts'
import { openSite, type OpenSite } from './testing/open-site.ts'
import { openBarePage, runInPage } from './testing/run-in-page.ts'

const greedy = readFileSync(new URL('../../../docs/recipes/02-greedy-infomax.ts', import.meta.url), 'utf8')
const small = greedy.replace(
  'export default recipe',
  "import { shapes } from 'lapstrake'\n" +
    'export default { ...recipe, isolation: overlapping(), batchSize: 8, epochs: 6, data: shapes({ limit: 64 }) }'
)
const request = (more: Partial<RunRequest> = {}): RunRequest => ({
  recipe: '02-greedy-infomax.ts',
  source: small,
  data: { kind: 'recipe' },
  seed: 0,
  backend: 'wasm',
  ...more
})
/** The place in the menu of Fashion-MNIST's first images: four files, and one to look at the network with. */
const few = 1
const of = <K extends RunEvent['kind']>(events: readonly RunEvent[], kind: K): Extract<RunEvent, { kind: K }>[] =>
  events.filter((event): event is Extract<RunEvent, { kind: K }> => event.kind === kind)
const button = (page: Page, name: string): ReturnType<Page['getByRole']> =>
  page.getByRole('button', { name, exact: true })

async function open({ context, url }: OpenSite, recipe = '02-greedy-infomax'): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${url}/recipes/${recipe}`)
  await page.locator('.cm-content').waitFor()
  await page.getByLabel('Data').selectOption('Drawn shapes (no download)')
  await page.getByLabel('Backend').selectOption('wasm')
  return page
}

async function runSteps(page: Page, steps: number): Promise<void> {
  await page.getByRole('spinbutton', { name: 'Steps' }).fill(`${steps}`)
  await button(page, 'Run').click()
  await page.getByText(`Done after ${steps} steps`).waitFor({ timeout: 60_000 })
}

test('a window without storage trains, and says that the file is the only copy', async () => {
  const site = await openSite({ storage: false })
  const page = await open(site)
  expect(
    await page.evaluate(() =>
      navigator.storage.getDirectory().then(
        () => 'kept',
        () => 'denied'
      )
    )
  ).toBe('denied')
  await runSteps(page, 2)
  const file = page.waitForEvent('download')
  await button(page, 'Save run').click()
  expect((await readFile(await (await file).path())).length).toBeGreaterThan(1000)
  await page.getByText('This window cannot store anything, so the file is the only copy').waitFor()
  expect(site.complaints).toEqual([])
  const bare = await openBarePage(site)
  const events = await runInPage(bare, request({ data: { kind: 'other', place: hasFashion ? few : 0 }, steps: 1 }))
  expect(of(events, 'done')).toHaveLength(1)
  await site.close()
})

test.each([
  [true, /threads/],
  [false, /one thread/]
])(
  'a host that sends the headers for threads (%s) or not: the run says how many it has, and trains',
  async (isolated, said) => {
    const site = await openSite({ isolated })
    const page = await openBarePage(site)
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated)
    const events = await runInPage(page, request({ steps: 2 }))
    expect(of(events, 'backend')[0]!.description).toMatch(said)
    expect(of(events, 'done')).toHaveLength(1)
    await site.close()
  }
)

// A site built where Fashion-MNIST is not at hand serves none.
const hasFashion = existsSync(new URL('../dist/data/fashion-mnist', import.meta.url))

test.skipIf(!hasFashion)('Fashion-MNIST is fetched once, and comes from the browser without a network', async () => {
  const site = await openSite()
  const page = await openBarePage(site)
  const fetched: string[] = []
  await page.route('**/data/fashion-mnist/**', route => {
    fetched.push(route.request().url())
    return fetched.length > 5 ? route.abort() : route.continue()
  })
  const run = async (): Promise<readonly RunEvent[]> =>
    runInPage(page, request({ data: { kind: 'other', place: few }, steps: 1 }))
  expect(of(await run(), 'done')).toHaveLength(1)
  expect(fetched).toHaveLength(5)
  const again = await run()
  expect(of(again, 'error')).toEqual([])
  expect(of(again, 'done')).toHaveLength(1)
  expect(fetched).toHaveLength(5)
  await site.close()
})

describe('a run', () => {
  let site: OpenSite
  beforeAll(async () => {
    site = await openSite()
  })
  afterEach(async () => {
    await Promise.all(site.context.pages().map(page => page.close()))
  })
  afterAll(() => site.close())

  test('saved by a newer version is told as that, and one of this version goes on', async () => {
    const page = await open(site)
    await runSteps(page, 2)
    const file = page.waitForEvent('download')
    await button(page, 'Save run').click()
    const saved = await readFile(await (await file).path())
    const { tensors, metadata } = decodeSafetensors(saved)
    const newer = Buffer.from(encodeSafetensors({ tensors, metadata: { ...metadata, format: 'lapstrake-run-9' } }))
    const goOn = (buffer: Buffer): Promise<void> =>
      page.getByLabel('Resume from file').setInputFiles({ name: 'run.lapstrake', mimeType: '', buffer })
    await page.getByRole('spinbutton', { name: 'Steps' }).fill('4')
    await goOn(newer)
    await page.getByText('of a newer lapstrake. Update lapstrake.').waitFor({ timeout: 60_000 })
    expect(await page.getByRole('button', { name: /^Resume from step 2 \(saved/ }).count()).toBe(1)
    await goOn(saved)
    await page.getByText('Done after 4 steps').waitFor({ timeout: 60_000 })
  })

  test('in a tab that stands still in the background goes on when it comes back, without a false alarm', async () => {
    const page = await open(site)
    await page.getByRole('spinbutton', { name: 'Steps' }).fill('2000')
    await button(page, 'Run').click()
    await page.locator('.uplot canvas').waitFor({ timeout: 60_000 })
    const step = (): Promise<number> =>
      page
        .locator('dt', { hasText: 'step' })
        .first()
        .locator('+ dd')
        .innerText()
        .then(text => parseInt(text, 10))
    const before = await step()
    const devtools = await site.context.newCDPSession(page)
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await new Promise(resolve => setTimeout(resolve, 13_000))
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await expect.poll(step, { timeout: 30_000 }).toBeGreaterThan(before + 1)
    await page.waitForTimeout(1500)
    expect(await page.getByText('No response for').count()).toBe(0)
    expect(await page.getByRole('alert').count()).toBe(0)
    // It may have taken its last step by now.
    await page.close()
  })

  test('in each of two tabs learns the same', async () => {
    const losses = await Promise.all(
      [1, 2].map(async () => {
        const page = await open(site)
        await runSteps(page, 3)
        return page.getByRole('list', { name: 'Loss of each unit' }).innerText()
      })
    )
    expect(losses[0]).toMatch(/\d\.\d{3}/)
    expect(losses[1]).toBe(losses[0])
  })
})

test("a tab that ran out of JavaScript's memory says so when it opens again, and keeps the recipe", async () => {
  const site = await openSite({ switches: ['--js-flags=--max-old-space-size=300'] })
  const page = await open(site)
  // What the driver says of a tab that died is of no use any more; this still reaches it.
  const devtools = await site.context.newCDPSession(page)
  const shown = async (): Promise<string> => {
    const { result } = await devtools.send('Runtime.evaluate', {
      expression: `document.querySelector('.bench')?.innerText ?? ''`
    })
    return String(result.value)
  }
  await page.locator('.cm-content').click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText('const all = []\nfor (;;) all.push({ many: [1, 2, 3], words: String(all.length) })')
  const crash = page.waitForEvent('crash', { timeout: 120_000 })
  await button(page, 'Run').click()
  await crash
  await devtools.send('Page.reload')
  await expect.poll(shown, { timeout: 30_000 }).toContain('it ran out of memory')
  expect(await shown()).toContain('words: String(all.length)')
  await site.close()
})

describe('a GPU that is lost', () => {
  // The recipe runs before the backend starts: it notes every device for the test to end.
  const noted = `
    const ask = GPUAdapter.prototype.requestDevice
    GPUAdapter.prototype.requestDevice = async function (...how) {
      const device = await ask.apply(this, how)
      ;(globalThis.devices ??= []).push(device)
      return device
    }\n${small}`
  let site: OpenSite
  let page: Page
  beforeEach(async () => {
    site = await openSite()
    page = await openBarePage(site)
  })
  afterEach(() => site.close())

  /** Ends all devices of a worker. */
  const lose = (worker: ReturnType<Page['workers']>[number]): Promise<void> =>
    worker.evaluate(() => {
      for (const device of (globalThis as unknown as { devices: { destroy(): void }[] }).devices) device.destroy()
    })

  test('leaves the run to another worker, which goes on from the step that was kept', async () => {
    const untouched = await runInPage(page, request({ steps: 3 }))
    const started = page.waitForEvent('worker')
    await page.exposeFunction('stepped', async () => {
      await lose(await started)
    })
    const events = await runInPage(
      page,
      request({ source: noted, backend: 'webgpu', acceptSoftware: true, steps: 3 }),
      { callAtStep: { step: 2, name: 'stepped' } }
    )
    const [lost] = of(events, 'lost')
    expect(lost!.message).toContain('expected the GPU to stay')
    // The first step is kept, and on a slow machine the one after it.
    expect([1, 2]).toContain(lost!.kept!.step)
    expect(of(events, 'error')).toEqual([])
    expect(of(events, 'backend').map(({ name }) => name)).toEqual(['webgpu', 'webgpu'])
    const lossesOf = (all: readonly RunEvent[]): Map<number, number> =>
      new Map(of(all, 'step').map(({ metrics: { step, losses } }) => [step, losses['unit0']!]))
    const [was, is] = [lossesOf(untouched), lossesOf(events)]
    expect([...is.keys()].sort()).toEqual([1, 2, 3])
    for (const [step, loss] of was) expect(Math.abs(is.get(step)! - loss)).toBeLessThan(1e-3)
  })

  test('before anything was kept ends the run and says why', async () => {
    // In the first step, before it is done.
    const gone = noted.replace(
      'export default { ...recipe,',
      `export default { ...recipe, loss: (...span) => (...given) => {
      for (const device of globalThis.devices) device.destroy()
      return recipe.loss(...span)(...given)
    },`
    )
    const events = await runInPage(page, request({ source: gone, backend: 'webgpu', acceptSoftware: true, steps: 4 }))
    expect(of(events, 'error')[0]).toMatchObject({
      blame: 'backend',
      message: expect.stringMatching(
        /expected the GPU to stay.*Nothing was kept yet: press Run to begin again\.$/
      ) as string
    })
  })
})
