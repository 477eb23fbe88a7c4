import * as tf from '@tensorflow/tfjs-core'
import {
  balance,
  byol,
  convNet,
  crdInBatch,
  createTrainer,
  dispose,
  endToEnd,
  greedy,
  largestBatch,
  lars,
  mapTeachers,
  meterMemory,
  moco,
  ntXent,
  ofTeacher,
  overlapping,
  plan,
  pResNet50,
  projector,
  regroup,
  resNet,
  seeded,
  sgd,
  stateless,
  tensorsOf,
  untrainedTeacher,
  useBackend,
  weighted,
  type Batch,
  type Context,
  type Isolation,
  type Recipe,
  type State,
  type Owned,
  type Views
} from './index.ts'
import { beforeAll, expect, test } from 'vitest'

beforeAll(async () => {
  await useBackend('wasm', { threads: 1 })
})

const recipe = (change: Partial<Recipe> = {}): Recipe => ({
  backbone: convNet(),
  isolation: overlapping(),
  head: () => projector({ dims: [64, 32] }),
  loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
  ...change
})

/** The most that tensors take in two real steps, and the most that the backend has in use. */
function measured(recipe: Recipe, inputShape: number[], batch: number): { tensors: number; backend: number } {
  const arena = (tf.backend() as unknown as { engine: { arena: { used: number; peak: number } } }).engine.arena
  const [before, meter] = [arena.used, meterMemory()]
  const teacher = recipe.teacher && mapTeachers(recipe.teacher, one => untrainedTeacher(one, inputShape, seeded(1)))
  const trainer = createTrainer(recipe, { inputShape, teacher })
  const views = [0, 1].map(view => seeded(view).normal([batch, ...inputShape])) as unknown as Views
  const column = (): tf.Tensor1D => tf.zeros([batch], 'int32')
  const [labels, indices] = [column(), column()]
  let state: Owned<State> = trainer.init(seeded(0))
  for (let step = 0; step < 2; step++) {
    arena.peak = arena.used
    const result = trainer.step(state, { views, labels, indices })
    dispose(result.losses)
    state = result.state
  }
  const peaks = { tensors: meter.peak(), backend: arena.peak - before }
  meter.stop()
  dispose(state)
  tf.dispose([...views, labels, indices, ...tensorsOf(teacher)])
  return peaks
}

const isolations: Readonly<Record<string, Isolation>> = {
  'end-to-end': endToEnd(),
  greedy: greedy(),
  overlapping: overlapping()
}

test.each(Object.keys(isolations))(
  '%s: the peak of tensors is foreseen to the byte, and that of the backend within a tenth',
  async name => {
    for (const [backbone, inputShape, batch] of [
      [convNet(), [28, 28, 3], 32],
      [resNet(), [32, 32, 3], 16]
    ] as const) {
      const planned = await plan(recipe({ backbone, isolation: isolations[name]! }), { inputShape, batch })
      const { tensors, backend } = measured(recipe({ backbone, isolation: isolations[name]! }), [...inputShape], batch)
      expect(planned.peakBytes).toBe(tensors)
      expect(Math.abs(planned.peakBytes / backend - 1)).toBeLessThan(0.1)
    }
  }
)

test.each<[string, Partial<Recipe>]>([
  ['a queue', { loss: () => moco({ size: 64 }), target: { momentum: () => 0.99 } }],
  ['LARS', { optimizer: lars({ learningRate: 0.1 }) }],
  ['a predictor', { loss: () => byol(), target: { momentum: () => 0.99 } }],
  ['group normalisation', { backbone: convNet({ norm: 'group' }) }],
  [
    'two teachers',
    {
      teacher: {
        wide: { backbone: convNet({ widths: [8, 8], strides: [2, 2] }) },
        low: { backbone: convNet(), reads: () => 1 }
      },
      loss: () =>
        weighted([
          [ofTeacher('wide', crdInBatch()), 1],
          [ofTeacher('low', crdInBatch()), 1]
        ])
    }
  ]
])('foresees a recipe with %s', async (_, change) => {
  const planned = await plan(recipe(change), { inputShape: [12, 12, 3], batch: 8 })
  expect(planned.peakBytes).toBe(measured(recipe(change), [12, 12, 3], 8).tensors)
})

test('a step that fails leaves nothing behind', async () => {
  const sees = { shape: [6, 6, 1], views: ({ examples }: Batch) => [examples!.depth] as Views }
  const teacher = { backbone: convNet(), sees }
  const before = tf.memory().numTensors
  await expect(plan(recipe({ teacher }), { inputShape: [12, 12, 3], batch: 2 })).rejects.toThrow(
    'teacher: expected sees.views to make views of the batch, but it fails: '
  )
  expect(tf.memory().numTensors).toBe(before)
})

test('knows every kernel that only the wasm backend has', async () => {
  await plan(recipe(), { inputShape: [12, 12, 3], batch: 2 })
  const known = (backend: string): string[] => tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName)
  expect(known('wasm').filter(name => !known('lapstrake-dry-fused').includes(name))).toEqual([])
})

test.each([
  ['ResNet-50', resNet({ depth: 50, stem: 'imagenet' }), 4.14e9, [56, 28, 14, 7]],
  ['PResNet-50', pResNet50(), 4.16e9, [56, 36, 24, 16, 12, 8]]
] as const)('%s is the network of the paper', async (_, backbone, multiplyAdds, lengths) => {
  const { stages } = await plan(recipe({ backbone, isolation: greedy() }), { inputShape: [224, 224, 3], batch: 1 })
  expect(stages.map(({ shape }) => shape[0])).toEqual(lengths)
  expect(Math.abs(stages.reduce((sum, stage) => sum + stage.multiplyAdds, 0) / 2 / multiplyAdds - 1)).toBeLessThan(0.02)
})

test('units cost what their stages and heads do; end to end multiplies least with heads left out', async () => {
  const options = { inputShape: [28, 28, 3], batch: 16 }
  const [whole, apart] = [await plan(recipe({ isolation: endToEnd() }), options), await plan(recipe(), options)]
  expect(apart.units.map(({ start, end }) => [start, end])).toEqual([
    [0, 2],
    [1, 3],
    [2, 4]
  ])
  expect(apart.units[1]!.stages.parameters).toBe(apart.stages[1]!.parameters + apart.stages[2]!.parameters)
  expect(apart.units[0]!.head.parameters).toBeGreaterThan(64 * 32)
  expect(apart.stepMultiplyAdds).toBeGreaterThan(whole.stepMultiplyAdds)
})

test('the largest batch fits, and one more does not', async () => {
  const options = { inputShape: [28, 28, 3] }
  const batch = await largestBatch(recipe(), { ...options, bytes: 100e6 })
  expect((await plan(recipe(), { ...options, batch })).peakBytes).toBeLessThanOrEqual(100e6)
  expect((await plan(recipe(), { ...options, batch: batch + 1 })).peakBytes).toBeGreaterThan(100e6)
  expect(await largestBatch(recipe(), { ...options, bytes: 1000 })).toBe(0)
})

test('a network cut anew computes the same, and balanced cuts need less', async () => {
  const fine = convNet({ widths: [8, 8, 8, 8, 8, 8], strides: [1, 1, 1, 2, 2, 1], layers: 1 })
  const costs = (
    await plan(recipe({ backbone: fine, isolation: greedy() }), { inputShape: [16, 16, 3], batch: 8 })
  ).stages.map(({ activationBytes }) => activationBytes)
  const peak = async (cuts: readonly number[]): Promise<number> =>
    (await plan(recipe({ backbone: regroup(fine, cuts), isolation: greedy() }), { inputShape: [16, 16, 3], batch: 8 }))
      .peakBytes
  expect(await peak(balance(costs, 3))).toBeLessThan(await peak([3, 5]))

  const numbers = async (backbone: Recipe['backbone']): Promise<Float32Array> => {
    const trainer = createTrainer(recipe({ backbone, isolation: endToEnd() }), { inputShape: [16, 16, 3] })
    const ones = trainer.init({ ...seeded(0), split: () => constant })
    const images = seeded(1).normal([2, 16, 16, 3])
    const encoded = trainer.network.encode(ones.stages, images)
    const values = (await encoded.data()) as Float32Array
    dispose(ones)
    tf.dispose([images, encoded])
    return values
  }
  const constant = { ...seeded(3), split: () => constant }
  expect(await numbers(regroup(fine, [2, 4]))).toEqual(await numbers(fine))
})

test.each([
  [
    () => plan(recipe(), { inputShape: [8, 8, 3], batch: 0.5 }),
    'plan: expected a batch of 1 or more examples, got 0.5. Try 256.'
  ],
  [
    async () => regroup(convNet(), [2, 2]),
    'regroup: expected cuts that rise from 1 to 3, for "convNet-4" has 4 stages, got [2, 2].'
  ],
  [
    async () => regroup(convNet(), [4]),
    'regroup: expected cuts that rise from 1 to 3, for "convNet-4" has 4 stages, got [4].'
  ]
])('bad input %#', async (act, message) => {
  await expect(act()).rejects.toThrow(message)
})

const maskOf = (context: Context | undefined): tf.Tensor2D => (context as { readonly mask: tf.Tensor2D }).mask

/** Tokens become the mean of their rows in a table, padding left out. */
const bagOfTokens = stateless('bag of tokens', {
  init: random => ({ params: { table: random.normal([16, 8]) }, outputShape: [8] }),
  apply: ({ table }, tokens, { context }) => {
    const mask = maskOf(context)
    const embedded = tf.gather(table, tf.cast(tokens, 'int32'))
    return tf.div(tf.sum(tf.mul(embedded, tf.expandDims(mask, 2)), 1), tf.sum(mask, 1, true))
  }
})

const ofTokens = recipe({ backbone: { name: 'tokens', stages: [bagOfTokens] }, isolation: endToEnd() })

const tokens = (): Batch => ({
  views: [tf.zeros([1, 5], 'int32'), tf.zeros([1, 5], 'int32')],
  context: [{ mask: tf.ones([1, 5]) }, { mask: tf.ones([1, 5]) }]
})

test('what stages find beside their input is planned for, as a batch of the data has it', async () => {
  const like = tokens()
  const before = tf.memory().numTensors
  const planned = await plan(ofTokens, { inputShape: [5], batch: 6, like })
  expect([planned.views, planned.stages[0]!.shape, planned.stages[0]!.parameters]).toEqual([2, [8], 16 * 8])
  expect(tf.memory().numTensors).toBe(before)

  const trainer = createTrainer(ofTokens, { inputShape: [5] })
  const six = (tensor: tf.Tensor): tf.Tensor => tf.tile(tensor, [6, 1])
  const batch: Batch = {
    views: like.views.map(six) as unknown as Views,
    context: like.context!.map(context => ({ mask: six(maskOf(context)) })),
    indices: tf.range(0, 6, 1, 'int32')
  }
  const state = trainer.init(seeded(0))
  const meter = meterMemory()
  const { losses, state: after } = trainer.step(state, batch)
  meter.stop()
  dispose(losses)
  dispose(after)
  expect(planned.peakBytes).toBeGreaterThanOrEqual(meter.peak())

  const most = await largestBatch(ofTokens, { inputShape: [5], bytes: 100_000, like })
  expect((await plan(ofTokens, { inputShape: [5], batch: most, like })).peakBytes).toBeLessThanOrEqual(100_000)
})

test('views of several sizes are planned for as they are', async () => {
  const like: Batch = { views: [tf.zeros([1, 16, 16, 3]), tf.zeros([1, 16, 16, 3]), tf.zeros([1, 8, 8, 3])] }
  const { peakBytes, views } = await plan(recipe(), { inputShape: [16, 16, 3], batch: 8, like })
  const { peakBytes: two } = await plan(recipe(), { inputShape: [16, 16, 3], batch: 8, views: 2 })
  const { peakBytes: three } = await plan(recipe(), { inputShape: [16, 16, 3], batch: 8, views: 3 })
  expect(views).toBe(3)
  expect([peakBytes > two, peakBytes < three]).toEqual([true, true])
})

test.each<[string, () => Promise<unknown>, string]>([
  [
    'no batch, where a stage wants what is beside its input',
    () => plan(ofTokens, { inputShape: [5], batch: 6 }),
    'plan: expected a batch that has the constants which stage "bag of tokens" reads from mode.context, got none. Give'
  ],
  [
    'the same of the largest batch',
    () => largestBatch(ofTokens, { inputShape: [5], bytes: 1e6 }),
    'largestBatch: expected a batch that has the constants which stage "bag of tokens" reads'
  ],
  [
    'no views',
    () => plan(ofTokens, { inputShape: [5], batch: 6, like: { views: 2 } as unknown as Batch }),
    'plan: expected like to be a batch, got one without views.'
  ],
  [
    'another shape',
    () => plan(ofTokens, { inputShape: [7], batch: 6, like: tokens() }),
    'plan: expected an inputShape of [5], that of the views in like, got [7].'
  ],
  [
    'another number of views',
    () => plan(ofTokens, { inputShape: [5], batch: 6, views: 3, like: tokens() }),
    'plan: expected 2 views, as in like, got 3. Leave views out.'
  ]
])('a plan like %s is refused', async (_, act, message) => {
  await expect(act()).rejects.toThrow(message)
})
