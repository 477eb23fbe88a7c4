import { existsSync } from 'node:fs'
import type { Page } from 'playwright-core'
import {
  convNet,
  dispose,
  drawShapes,
  train,
  useBackend,
  type BackendName,
  type Experiment,
  type StepMetrics
} from 'lapstrake'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import simclr from '../../../../docs/recipes/01-simclr.ts'
import loco from '../../../../docs/recipes/03-loco.ts'
import supcon from '../../../../docs/recipes/05-supcon.ts'
import { openBarePage, runInPage } from '../testing/run-in-page.ts'
import { openSite, type OpenSite } from '../testing/open-site.ts'
import type { RunEvent, RunRequest } from './protocol.ts'
import { recipes } from './recipes.ts'
import type * as run from './start-run.ts'

const served =
  process.env.LAPSTRAKE_DATA !== undefined && existsSync(new URL('../../dist/data/cifar10', import.meta.url))

const changes = { batchSize: 16, epochs: 5 }
const narrow = { widths: [8, 8, 8, 8], strides: [2, 2, 2, 1], layers: 1 }

/** The recipe on little data; in fewer channels where a backend is slow here. */
const experimentOn = (backend: BackendName): Experiment => ({
  ...loco,
  ...changes,
  ...(backend !== 'wasm' && { backbone: convNet(narrow) })
})
const sourceOn = (backend: BackendName): string => {
  const backbone = backend === 'wasm' ? '' : `, backbone: convNet(${JSON.stringify(narrow)})`
  return recipes['03-loco.ts']!.replace(
    'export default recipe',
    `import { convNet, shapes } from 'lapstrake'\n` +
      `export default { ...recipe, data: shapes({ limit: 64 }), ...${JSON.stringify(changes)}${backbone} }`
  )
}
const request = (backend: BackendName): RunRequest => ({
  recipe: '03-loco.ts',
  source: sourceOn(backend),
  data: { kind: 'recipe' },
  seed: 3,
  backend,
  acceptSoftware: true
})
type Losses = readonly StepMetrics['losses'][]
/** The run as it was saved behind a step, in base64: lists of millions of numbers take minutes to leave a page. */
interface Followed {
  readonly losses: Losses
  readonly saved: string
  readonly savedAt: number
}
const saveAt = 7

/** Follows the recipe in Node, and saves the run on the way. */
async function inNode(backend: BackendName, resume?: string): Promise<Followed> {
  await useBackend(backend, { acceptSoftware: true })
  const losses: StepMetrics['losses'][] = []
  let saved = ''
  const { state } = await train(experimentOn(backend), {
    dataset: drawShapes({ count: 64, seed: 1 }),
    seed: 3,
    ...(resume && { resume: Buffer.from(resume, 'base64') }),
    async onStep({ step, losses: found }, { save }) {
      losses.push(found)
      if (step === saveAt) saved = Buffer.from(await save()).toString('base64')
    }
  })
  dispose(state)
  return { losses, saved, savedAt: saveAt }
}

/** The same in a page. */
const inPage = (page: Page, backend: BackendName, resume?: string): Promise<Followed> =>
  page.evaluate(
    ({ request, resume, saveAt }) =>
      new Promise<Followed>((resolve, reject) => {
        const losses: StepMetrics['losses'][] = []
        let [saved, savedAt] = ['', 0]
        const { startRun } = window as unknown as typeof run
        const { send, stop } = startRun(
          { ...request, ...(resume && { resume: Uint8Array.from(atob(resume), letter => letter.charCodeAt(0)) }) },
          (event: RunEvent) => {
            if (event.kind === 'step') losses.push(event.metrics.losses)
            if (event.kind === 'step' && event.metrics.step === saveAt) send({ kind: 'save' })
            // The question may come a step later than it was asked.
            if (event.kind === 'saved')
              [saved, savedAt] = [
                btoa(event.bytes.reduce((text, byte) => text + String.fromCharCode(byte), '')),
                event.step
              ]
            if (event.kind === 'error') reject(new Error(event.message))
            if (event.kind !== 'done') return
            stop()
            resolve({ losses, saved, savedAt })
          }
        )
      }),
    { request: request(backend), saveAt, ...(resume && { resume }) }
  )

const close = (found: Losses, expected: Losses): void => {
  expect(found).toHaveLength(expected.length)
  expected.forEach((losses, i) =>
    Object.entries(losses).forEach(([unit, loss]) => expect(Math.abs(found[i]![unit]! - loss)).toBeLessThan(1e-3))
  )
}

describe('the same run in Node and in a page', () => {
  let site: OpenSite
  let page: Page
  beforeAll(async () => {
    site = await openSite()
    page = await openBarePage(site)
  })
  afterAll(() => site.close())

  test.each(['cpu', 'wasm', 'webgpu'] as const)(
    'has the same losses on %s, over twenty steps, to 1e-3',
    async backend => {
      const [here, there] = [await inNode(backend), await inPage(page, backend)]
      expect(here.losses).toHaveLength(20)
      close(there.losses, here.losses)
    }
  )

  test('is saved in one and goes on in the other', async () => {
    const [here, there] = [await inNode('wasm'), await inPage(page, 'wasm')]
    close((await inNode('wasm', there.saved)).losses, here.losses.slice(there.savedAt))
    close((await inPage(page, 'wasm', here.saved)).losses, here.losses.slice(here.savedAt))
  })

  // Where the site was built without its data, pages train on others.
  test.skipIf(!served).for([
    ['01-simclr.ts', simclr],
    ['05-supcon.ts', supcon]
  ] as const)('has the same losses on the data that %s holds', async ([recipe, experiment]) => {
    await useBackend('wasm')
    const end = new AbortController()
    const here: StepMetrics['losses'][] = []
    const { state } = await train(experiment, {
      seed: 3,
      signal: end.signal,
      onStep({ step, losses }) {
        here.push(losses)
        if (step === 2) end.abort()
      }
    })
    dispose(state)
    const asked = { ...request('wasm'), recipe, source: recipes[recipe]!, steps: 2 }
    const events = await runInPage(page, asked)
    expect(events.filter(({ kind }) => kind === 'warning' || kind === 'error')).toEqual([])
    close(
      events.flatMap(event => (event.kind === 'step' ? [event.metrics.losses] : [])),
      here
    )
  })
})
