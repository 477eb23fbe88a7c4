import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import {
  mapViews,
  createTrainer,
  dispose,
  leaves,
  seeded,
  stateless,
  type Batch,
  type Loss,
  type LocalLoss,
  type Recipe,
  type Stage,
  type StatefulLoss,
  type Trainer,
  type TrainerOptions
} from './index.ts'

const dense = (name: string, dim: number): Stage =>
  stateless(name, {
    init: (random, [inputs]) => ({ params: { weights: random.normal([inputs!, dim], 0, 0.7) }, outputShape: [dim] }),
    apply: ({ weights }, x) => tf.tanh(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D))
  })
/** Compares every example with every other: not a sum over parts of a batch. */
const contrast: Loss = ([a, b]) =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.eye(a.shape[0]), tf.logSoftmax(tf.matMul(a, tf.transpose(b!)))), 1)))
/** The same with a weight that learns and a count. */
const learned: StatefulLoss<{ weight: tf.Tensor }, { seen: number }> = {
  init: () => ({ params: { weight: tf.scalar(2) }, memory: { seen: 0 } }),
  apply: (embeddings, batch, { params, memory }) => ({
    loss: tf.mul(contrast(embeddings, batch), params.weight),
    memory: { seen: memory.seen + embeddings[0].shape[0] }
  })
}
const recipe = (loss: LocalLoss, stages: readonly Stage[] = [dense('a', 6), dense('b', 6), dense('c', 6)]): Recipe => ({
  backbone: { name: 'dense', stages },
  isolation: () => [
    { start: 0, end: 2 },
    { start: 1, end: 3 }
  ],
  head: () => dense('head', 4),
  loss: () => loss,
  auxiliary: [{ name: 'probe', start: 2, end: 2, head: dense('readout', 3), loss: contrast }],
  optimizer: {
    init: () => ({}),
    update: (gradients, state, params) => ({ state, params: tf.tidy(() => moved(params, gradients)) })
  }
})
const moved = (params: unknown, gradients: unknown): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(params as Record<string, tf.Tensor>).map(([name, value]) => [
      name,
      tf.sub(value, tf.mul((gradients as Record<string, tf.Tensor>)[name]!, 0.1))
    ])
  )
const batchOf = (rows: number): Batch => ({ views: [seeded(1).normal([rows, 5]), seeded(2).normal([rows, 5])] })
const numbers = (tree: unknown): number[] =>
  leaves(tree as tf.Tensor[]).flatMap(leaf => ((leaf as unknown) instanceof tf.Tensor ? [...leaf.dataSync()] : []))

const start = (
  what: Recipe,
  options: Partial<TrainerOptions> = {}
): { trainer: Trainer; state: ReturnType<Trainer['init']> } => {
  const trainer = createTrainer(what, { inputShape: [5], ...options })
  return { trainer, state: trainer.init(seeded(3)) }
}

test.each([1, 4, 7, 10])(
  'parts of %i give the losses and gradients of the whole batch, for stages, heads and losses with parameters',
  microBatch => {
    const [whole, parts] = [start(recipe(learned)), start(recipe(learned), { microBatch })]
    const expected = numbers(whole.trainer.learn(whole.state, batchOf(10)))
    const found = numbers(parts.trainer.learn(parts.state, batchOf(10)))
    expect(found).toHaveLength(expected.length)
    found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5))
  }
)

test('a batch of 1024 learned from 64 at a time moves the network as the whole batch does', () => {
  const [whole, parts] = [start(recipe(contrast)), start(recipe(contrast), { microBatch: 64 })]
  const [expected, found] = [whole, parts].map(({ trainer, state }) => {
    const next = trainer.step(state, batchOf(1024))
    return [...numbers(next.losses), ...numbers(next.state.stages), ...numbers(next.state.units)]
  }) as [number[], number[]]
  found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5))
})

test('adding up the gradients of parts is something else', () => {
  const { trainer, state } = start(recipe(contrast))
  const whole = numbers(trainer.learn(state, batchOf(8)).stages)
  const halves = [0, 4].map(from =>
    numbers(trainer.learn(state, { views: mapViews(batchOf(8).views, view => tf.slice(view, from, 4)) }).stages)
  )
  expect(Math.max(...whole.map((value, i) => Math.abs(value - (halves[0]![i]! + halves[1]![i]!) / 2)))).toBeGreaterThan(
    1e-3
  )
})

test('memory moves once, buffers by part, a penalty is owed once, embeddings are whole, and nothing leaks', () => {
  const counting: Stage = {
    ...dense('counting', 6),
    init: (random, shape) => ({ ...dense('', 6).init(random, shape), buffers: { parts: tf.scalar(0) } }),
    apply: ({ params, buffers }, input, mode) => ({
      output: dense('', 6).apply({ params, buffers: {} }, input, mode).output,
      buffers: { parts: tf.add((buffers as { parts: tf.Tensor }).parts, 1) }
    }),
    penalty: ({ params }) => tf.sum(tf.square((params as { weights: tf.Tensor }).weights))
  }
  const what = recipe(learned, [counting, dense('b', 6), dense('c', 6)])
  const whole = start(what)
  const { trainer, state: first } = start(what, { microBatch: 3 })
  const batch = batchOf(10)
  const expected = whole.trainer.step(whole.state, batch)
  const before = tf.memory().numTensors
  const { state, losses, embeddings, gradientNorms } = trainer.step(first, batch, { observe: true })
  dispose(gradientNorms)
  expect(tf.memory().numTensors).toBe(before + leaves({ losses, embeddings } as unknown as tf.Tensor[]).length)
  expect(state.units['unit0']!.loss.memory).toEqual({ seen: 10 })
  expect(numbers(state.stages[0]!.buffers)).toEqual([4])
  expect(embeddings['unit1']!.map(({ shape }) => shape)).toEqual([
    [10, 4],
    [10, 4]
  ])
  expect(numbers(losses['counting.penalty'])[0]).toBeCloseTo(numbers(expected.losses['counting.penalty'])[0]!, 5)
  numbers(state.stages.map(({ params }) => params)).forEach((value, i) =>
    expect(value).toBeCloseTo(numbers(expected.state.stages.map(({ params }) => params))[i]!, 5)
  )
  dispose(losses)
  dispose(embeddings)
  dispose(state)
})

test('penalties of stages that share a name are told apart', () => {
  const costly = (): Stage => ({
    ...dense('same', 6),
    penalty: ({ params }) => tf.sum(tf.square((params as { weights: tf.Tensor }).weights))
  })
  const { trainer, state: first } = start(recipe(contrast, [costly(), dense('other', 6), costly()]))
  const { state, losses } = trainer.step(first, batchOf(4))
  expect(Object.keys(losses).filter(name => name.endsWith('.penalty'))).toEqual(['0 same.penalty', '2 same.penalty'])
  dispose(losses)
  dispose(state)
})

test('a part of no examples is refused', () => {
  expect(() => start(recipe(contrast), { microBatch: 0 })).toThrow(
    'createTrainer: expected a microBatch of 1 or more examples, got 0.'
  )
})
