import { decodeSafetensors } from '@lapstrake/checkpoints'
import {
  dispose,
  networkOf,
  drawShapes,
  loadEncoder,
  train,
  useBackend,
  type Experiment,
  type StepMetrics
} from 'lapstrake'
import { memory } from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import recipe from '../../../../docs/recipes/03-loco.ts'
import { holdOut } from './data/hold-out.ts'
import { observer } from './observe/observer.ts'
import type { RunEvent, RunRequest } from './protocol.ts'
import { recipes } from './recipes.ts'
import { startSession } from './session.ts'

const small = recipes['03-loco.ts']!.replace(
  'export default recipe',
  `import { shapes } from 'lapstrake'\nexport default { ...recipe, batchSize: 8, epochs: 1, data: shapes({ limit: ` +
    '64 }) }'
)
const request: RunRequest = { recipe: '03-loco.ts', source: small, data: { kind: 'recipe' }, seed: 0, backend: 'wasm' }

test('tells its story in order, and answers when it is over', async () => {
  const events: RunEvent[] = []
  const session = startSession(request, event => events.push(event))
  expect(await session.ended).toBe(true)
  const kinds = events.map(({ kind }) => kind)
  expect(kinds.filter(kind => !['accuracy', 'mapped', 'map'].includes(kind))).toEqual([
    'backend',
    'data',
    'plan',
    'views',
    ...Array<string>(8).fill('step'),
    'done'
  ])
  const views = events.find(event => event.kind === 'views')!
  expect([views.examples.length, views.examples[0]!.length, views.examples[0]![0]!.length]).toEqual([
    8,
    2,
    views.height * views.width * 4
  ])
  const accuracy = events.find(event => event.kind === 'accuracy')!
  expect(accuracy.stages).toHaveLength(7)

  session.ask({ kind: 'export' })
  session.ask({ kind: 'encoder' })
  session.ask({ kind: 'map', method: 'umap' })
  session.ask({ kind: 'map', method: 'umap' })
  await expect
    .poll(() => events.filter(event => event.kind === 'map' && event.method === 'umap').length, { timeout: 60_000 })
    .toBe(2)
  const weights = events.find(event => event.kind === 'weights')!
  const { tensors, metadata } = decodeSafetensors(weights.bytes)
  expect(metadata).toMatchObject({ format: 'lapstrake-weights-1', recipe: 'loco' })
  expect(Object.keys(tensors)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^stages\.0\.params/),
      expect.stringMatching(/^heads\.unit0\.params/)
    ])
  )
  const { bytes } = events.find(event => event.kind === 'encoder')!
  const { name, encode, read, dispose: close } = await loadEncoder(bytes)
  const image = await read({ data: new Uint8Array(40 * 30 * 3), height: 40, width: 30 })
  expect([name, encode(image, { pooled: true }).shape]).toEqual(['loco', [1, 128]])
  close()
  const maps = events.filter(event => event.kind === 'map')
  for (const { points } of maps) expect(points.every(Number.isFinite)).toBe(true)
  // Of one state, two maps in a row: the second began at the first and stays near it.
  const [first, second] = maps.filter(({ method }) => method === 'umap').map(({ points }) => points) as [
    Float32Array,
    Float32Array
  ]
  const moved = first.reduce((sum, value, i) => sum + Math.abs(value - second[i]!), 0) / first.length
  expect(moved).toBeLessThan(3)
})

test('a question between steps is answered there; a run that was saved goes on', async () => {
  const events: RunEvent[] = []
  const session = startSession(request, event => {
    events.push(event)
    if (event.kind === 'step' && event.metrics.step === 2) session.ask({ kind: 'save' })
  })
  await session.ended
  const saved = events.find(event => event.kind === 'saved')!
  expect(saved.step).toBe(2)
  const again: RunEvent[] = []
  await startSession({ ...request, resume: saved.bytes }, event => again.push(event)).ended
  const steps = (all: readonly RunEvent[]): unknown[] =>
    all.filter(event => event.kind === 'step').map(({ metrics: { step, losses } }) => [step, losses])
  expect(steps(again)).toEqual(steps(events).slice(2))
})

test('stopped, it ends after the step under way, and its weights and its place are still to be had', async () => {
  const events: RunEvent[] = []
  const session = startSession(request, event => {
    events.push(event)
    if (event.kind === 'step' && event.metrics.step === 3) session.stop()
  })
  expect(await session.ended).toBe(true)
  expect(events.at(-1)).toEqual({ kind: 'done', steps: 3, interrupted: true })
  session.ask({ kind: 'export' })
  session.ask({ kind: 'save' })
  const given = (): number[] =>
    events.flatMap(event => (event.kind === 'weights' || event.kind === 'saved' ? [event.step] : []))
  await expect.poll(given, { timeout: 60_000 }).toEqual([3, 3])
})

test('an encoder that cannot be written is told with its question', async () => {
  const source = small.replace(
    'export default { ...recipe,',
    `import * as tf from '@tensorflow/tfjs-core'
import { stateless } from 'lapstrake'
const shared = stateless('shared', {
  init: (_, shape) => ({ params: {}, outputShape: shape }),
  apply: (_, x) => tf.div(x, x.shape[0])
})
export default { ...recipe, backbone: { name: 'own', stages: [shared, ...recipe.backbone.stages] },`
  )
  const events: RunEvent[] = []
  const session = startSession({ ...request, source, steps: 1 }, event => events.push(event))
  expect(await session.ended, JSON.stringify(events.at(-1))).toBe(true)
  session.ask({ kind: 'encoder' })
  await expect
    .poll(() => events.at(-1))
    .toMatchObject({
      kind: 'warning',
      question: 'encoder',
      message: expect.stringContaining('expected the same operations on a batch of any size') as string
    })
})

test('ends after the steps that are asked for', async () => {
  const events: RunEvent[] = []
  await startSession({ ...request, steps: 3 }, event => events.push(event)).ended
  expect(events.at(-1)).toEqual({ kind: 'done', steps: 3, interrupted: false })
})

test.each([
  [
    'a recipe that throws in a step',
    small.replace(
      'export default { ...recipe',
      'const loss = () => {\n  throw new Error("no")\n}\nexport default { ...recipe, loss: () => loss'
    ),
    {
      blame: 'recipe',
      message: 'unit "unit0": no',
      line: recipes['03-loco.ts']!.split('\n').findIndex(line => line.startsWith('export default')) + 3
    }
  ],
  [
    'a batch that the data cannot fill',
    small.replace('batchSize: 8', 'batchSize: 80'),
    {
      blame: 'data',
      message: expect.stringMatching(
        /^data: expected at least 80 images for a batch, got 64 to learn from; .* batchSize to 64 or less\.$/
      ) as string
    }
  ]
])('%s ends in one error', async (_, source, expected) => {
  const events: RunEvent[] = []
  expect(await startSession({ ...request, source }, event => events.push(event)).ended).toBe(false)
  expect(events.filter(({ kind }) => kind === 'error')).toEqual([{ kind: 'error', ...expected }])
})

test('being looked at changes no loss and leaves no tensor', async () => {
  await useBackend('wasm')
  const experiment: Experiment = { ...recipe, batchSize: 8, epochs: 1 }
  const { training, held } = holdOut(drawShapes({ count: 56, size: 28 }))
  const losses = async (look: boolean): Promise<readonly StepMetrics['losses'][]> => {
    const { look: lookAt } = observer(
      networkOf(experiment.backbone, training.shape),
      { training, held, skipped: [] },
      () => {}
    )
    const seen: StepMetrics['losses'][] = []
    const { state } = await train(experiment, {
      dataset: training,
      async onStep({ losses }, { state }) {
        seen.push(losses)
        const before = memory().numTensors
        if (look) await lookAt(state)
        expect(memory().numTensors).toBe(before)
      }
    })
    dispose(state)
    return seen
  }
  expect(await losses(true)).toEqual(await losses(false))
})
