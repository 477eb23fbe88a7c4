import { zipSync } from 'fflate'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openSite, type OpenSite } from '../testing/open-site.ts'
import { openBarePage, runInPage } from '../testing/run-in-page.ts'
import type { RunEvent, RunRequest } from './protocol.ts'

const folder = new URL('../../../../docs/recipes/', import.meta.url)
const recipes = readdirSync(folder).filter(file => /^\d\d-.*\.ts$/.test(file))

let site: OpenSite
let page: Page
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site.close())
beforeEach(async () => {
  page = await openBarePage(site)
})
afterEach(() => page.close())

const sourceOf = (recipe: string): string => readFileSync(new URL(recipe, folder), 'utf8')
const withFields = (source: string, fields: string): string =>
  source.replace(
    'export default recipe',
    `import { shapes as drawn } from 'lapstrake'\nexport default { ...recipe, ${fields} }`
  )
/** A teacher that learns for one epoch. */
const brief =
  '...(recipe.teacher && { teacher: { ...recipe.teacher, trainedBy: { ...recipe.teacher.trainedBy, epochs: 1 } } })'
const request = (more: Partial<RunRequest> = {}): RunRequest => ({
  recipe: '03-loco.ts',
  source: withFields(sourceOf('03-loco.ts'), 'batchSize: 16, epochs: 6, data: drawn({ limit: 64 })'),
  data: { kind: 'recipe' },
  seed: 0,
  backend: 'wasm',
  ...more
})
const of = <K extends RunEvent['kind']>(events: readonly RunEvent[], kind: K): Extract<RunEvent, { kind: K }>[] =>
  events.filter((event): event is Extract<RunEvent, { kind: K }> => event.kind === kind)
const lossesOf = (events: readonly RunEvent[]): number[] =>
  of(events, 'step').map(({ metrics }) => Object.values(metrics.losses).reduce((a, b) => a + b, 0))
const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0) / some.length

describe.each(recipes)('%s', recipe => {
  test('learns in a page', async () => {
    const source = sourceOf(recipe)
    // As in recipes.test.ts: real keys must fill a momentum encoder's queue first.
    const [epochs, settled] = source.includes('target:') ? [24, 32] : [12, 0]
    const events = await runInPage(
      page,
      request({
        recipe,
        source: withFields(source, `batchSize: 16, epochs: ${epochs}, data: drawn({ limit: 64 }), ${brief}`)
      })
    )
    expect(of(events, 'error')).toEqual([])
    const losses = lossesOf(events)
    expect(mean(losses.slice(-6))).toBeLessThan(mean(losses.slice(settled, settled + 6)))
    expect(of(events, 'done')).toHaveLength(1)
    expect(of(events, 'map').length).toBeGreaterThan(0)
    expect(of(events, 'accuracy').length).toBeGreaterThan(0)
  })
})

test.each(recipes.slice(0, 3))('%s learns on a GPU in software', async recipe => {
  // The recipe's own rate and crops need more steps than a test of software can wait for.
  const easy =
    'optimizer: all.adamW({ learningRate: 1e-3 }), views: all.twoViews(all.randomResizedCrop({ size: 32, scale: ' +
    '[0.8, 1] }))'
  const changed = withFields(sourceOf(recipe), `batchSize: 8, epochs: 5, data: drawn({ limit: 8 }), ${easy}`)
  const source = `import * as all from 'lapstrake'\n${changed}`
  const events = await runInPage(page, request({ recipe, source, backend: 'webgpu', acceptSoftware: true }), {
    untilStep: 5
  })
  expect(of(events, 'error')).toEqual([])
  expect(of(events, 'backend')[0]!.name).toBe('webgpu')
  const losses = lossesOf(events)
  expect(mean(losses.slice(-2))).toBeLessThan(mean(losses.slice(0, 2)))
})

test('stopping ends the worker, and nothing is told afterwards', async () => {
  const started = page.waitForEvent('worker')
  const events = runInPage(page, request({ source: sourceOf('03-loco.ts') }), { until: 'step' })
  const worker = await started
  const closed = new Promise<void>(resolve => worker.on('close', () => resolve()))
  expect(of(await events, 'step')).toHaveLength(1)
  await closed
  await expect.poll(() => page.workers().length).toBe(0)
})

test.each(['02-greedy-infomax.ts', '05-supcon.ts'])("the page trains %s on the recipe's own data", async recipe => {
  const events = await runInPage(page, request({ source: sourceOf(recipe), recipe, steps: 2 }))
  // A site built where they are not at hand serves none, and says so.
  const served = existsSync(new URL('../../dist/data/cifar10', import.meta.url))
  expect(of(events, 'data')[0]).toMatchObject({ size: served ? 10_000 : 2000 })
  expect(of(events, 'warning').map(({ message }) => message)).toEqual(
    served ? [] : [expect.stringMatching(/^This site does not serve .*: the run learns from drawn shapes\.$/)]
  )
  expect(of(events, 'done')).toEqual([{ kind: 'done', steps: 2, interrupted: false }])
})

test('the page trains on what its menu offers', async () => {
  const events = await runInPage(page, request({ data: { kind: 'other', place: 0 }, steps: 1 }))
  expect(of(events, 'data')[0]).toMatchObject({ name: 'drawn shapes', size: 2000 })
})

describe('tells as what it is, and the page lives on:', () => {
  afterEach(async () => {
    expect(of(await runInPage(page, request({ steps: 1 }), { until: 'step' }), 'step')).toHaveLength(1)
  })

  test.each<[string, string, Partial<Extract<RunEvent, { kind: 'error' }>>]>([
    ['a syntax error', 'const a = 1\nconst b = }', { blame: 'recipe', line: 2 }],
    [
      'data of a folder of the disk',
      withFields(sourceOf('03-loco.ts'), "data: imageFolder('photos', { size: 32 })").replace(
        'shapes as drawn',
        'imageFolder, shapes as drawn'
      ),
      {
        blame: 'data',
        message:
          'imageFolder: expected a disk to read photos/train from, but a page has none. ' +
          'Give the page the files themselves: imageFiles(input.files), or train in Node.'
      }
    ],
    [
      'data by a name',
      withFields(sourceOf('03-loco.ts'), "data: 'cifar10', examples: 64"),
      {
        blame: 'recipe',
        message:
          "recipe: expected the data of loco to be a value, as cifar10() is, got 'cifar10'. " +
          "Write: data: cifar10({ limit: 64 }) with import { cifar10 } from 'lapstrake'"
      }
    ],
    [
      'a wrong import',
      "\nimport { greedi } from 'lapstrake'\nexport default greedi",
      { blame: 'recipe', line: 2, message: "import: 'lapstrake' exports no greedi. Did you mean greedy?" }
    ],
    [
      'an error in a loss',
      `${sourceOf('03-loco.ts').replace('export default recipe', '')}\nconst loss = () => { throw new Error('no') ` +
        '}\nexport default { ...recipe, loss: () => loss }',
      { blame: 'recipe', line: sourceOf('03-loco.ts').split('\n').length + 1 }
    ]
  ])('%s', async (_, source, expected) => {
    expect(of(await runInPage(page, request({ source })), 'error')[0]).toMatchObject(expected)
  })

  test('an endless loop', async () => {
    const [silent] = of(await runInPage(page, request({ source: 'for (;;) {}' }), { until: 'silent' }), 'silent')
    expect(silent!.seconds).toBeGreaterThanOrEqual(10)
  })

  test('memory that runs out', async () => {
    const [error] = of(
      await runInPage(page, request({ source: 'const all = []\nfor (;;) all.push(new Float64Array(1e8))' })),
      'error'
    )
    expect(error!.message).toMatch(/out of memory/i)
  })

  // A site built where Fashion-MNIST is not at hand serves none.
  test.skipIf(!existsSync(new URL('../../dist/data/fashion-mnist', import.meta.url)))(
    'a file of data that is cut off',
    async () => {
      await page.route('**/data/**/*.gzip', async route => {
        const response = await route.fetch()
        await route.fulfill({ response, body: (await response.body()).subarray(0, 1000) })
      })
      const [error] = of(await runInPage(page, request({ data: { kind: 'other', place: 2 } })), 'error')
      expect(error).toMatchObject({
        blame: 'data',
        message: expect.stringMatching(/expected .* to be whole.*Fetch it again/) as string
      })
    }
  )

  test('images that are broken', async () => {
    const events = await runInPage(
      page,
      request({ source: withFields(sourceOf('03-loco.ts'), 'batchSize: 4'), steps: 1 }),
      { files: await ownImages(page) }
    )
    expect(of(events, 'data')[0]).toMatchObject({
      size: 14,
      shape: [32, 32, 3],
      classes: ['cats', 'dogs'],
      skipped: [
        { path: 'pets/notes.txt', reason: '.txt, no image' },
        { path: 'pets/cats/broken.png', reason: 'damaged, cut short or of a kind that this browser cannot show' }
      ]
    })
    expect(of(events, 'done')).toHaveLength(1)
  })

  test('a zip that is cut off', async () => {
    const zip = zipSync({ 'a/1.png': new Uint8Array(5000) })
    const [error] = of(
      await runInPage(page, request(), { files: [{ path: 'mine.zip', base64: base64(zip.subarray(0, 100)) }] }),
      'error'
    )
    expect(error).toMatchObject({
      blame: 'data',
      message: expect.stringContaining('expected mine.zip to be a zip') as string
    })
  })
})

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** Sixteen images of several sizes in two folders, in a zip with a broken one and a stranger. */
async function ownImages(page: Page): Promise<{ path: string; base64: string }[]> {
  const images = await page.evaluate(async () => {
    const made: string[] = []
    for (let i = 0; i < 16; i++) {
      const canvas = new OffscreenCanvas(20 + 10 * i, 100 - 5 * i)
      const context = canvas.getContext('2d')!
      context.fillStyle = `hsl(${i * 20} 80% 50%)`
      context.fillRect(0, 0, canvas.width, canvas.height)
      made.push(btoa(String.fromCharCode(...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()))))
    }
    return made
  })
  const members = Object.fromEntries(
    images.map((image, i) => [
      `pets/${i % 2 === 0 ? 'cats' : 'dogs'}/${i}.png`,
      new Uint8Array(Buffer.from(image, 'base64'))
    ])
  )
  const broken = members['pets/cats/0.png']!.subarray(0, 40)
  return [
    {
      path: 'pets.zip',
      base64: base64(
        zipSync({
          ...members,
          'pets/cats/broken.png': broken,
          'pets/notes.txt': new Uint8Array(3),
          '__MACOSX/pets/._1.png': new Uint8Array(3)
        })
      )
    }
  ]
}
