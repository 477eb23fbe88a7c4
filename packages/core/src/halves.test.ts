import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  combine,
  createTrainer,
  dispose,
  leaves,
  mapViews,
  ofTwoViews,
  seeded,
  tensorsOf,
  weighted,
  type Batch,
  type LocalLoss,
  type Owned,
  type Recipe,
  type Stage,
  type State,
  type StatefulLoss,
  type Trainer
} from './index.ts'

const dim = 4

/** Dense, with running means, noise of its own and a price for its weights. */
const dense = (name: string): Stage => ({
  name,
  init: (random, [inputs]) => ({
    params: { weights: random.normal([inputs!, dim], 0, 0.5) },
    buffers: { mean: tf.zeros([dim]) },
    outputShape: [dim]
  }),
  apply({ params, buffers }, x, mode) {
    const { weights } = params as { weights: tf.Tensor2D }
    const y = tf.matMul(x as tf.Tensor2D, weights)
    if (!mode.training) return { output: tf.tanh(y), buffers }
    const noise = tf.mul(mode.random.normal(y.shape), 0.01)
    const { mean } = buffers as { mean: tf.Tensor }
    return {
      output: tf.tanh(tf.add(y, noise)),
      buffers: { mean: tf.add(tf.mul(mean, 0.9), tf.mul(tf.mean(y, 0), 0.1)) }
    }
  },
  penalty: ({ params }) => tf.mul(tf.sum(tf.square((params as { weights: tf.Tensor }).weights)), 0.01) as tf.Scalar
})
const quiet = (name: string): Stage => ({
  ...dense(name),
  apply: ({ params, buffers }, x) => {
    const y = tf.matMul(x as tf.Tensor2D, (params as { weights: tf.Tensor2D }).weights)
    return { output: tf.tanh(y), buffers: { mean: tf.add((buffers as { mean: tf.Tensor }).mean, tf.mean(y, 0)) } }
  }
})

/** Compares nothing but the two views of one example. */
const alignment = ofTwoViews((a, b) => tf.mean(tf.squaredDifference(a, tf.sin(b))))
const counting: StatefulLoss = {
  init: () => ({ params: {}, memory: { steps: 0 } }),
  apply: ([a, b], { targets }, { memory }) => ({
    loss: tf.mean(tf.squaredDifference(a, targets?.[1] ?? b!)),
    memory: { steps: (memory as { steps: number }).steps + 1 }
  })
}

const recipeOf = (make: (name: string) => Stage, loss: LocalLoss, more: Partial<Recipe> = {}): Recipe => ({
  backbone: { name: 'dense', stages: ['a', 'b', 'c'].map(make) },
  isolation: () => [
    { start: 0, end: 2 },
    { start: 1, end: 3 }
  ],
  head: ({ end }) => make(`head ${end}`),
  loss: () => loss,
  optimizer: {
    init: () => ({ updates: 0 }),
    update: (gradients, state, params) => ({
      params: withEach(params, gradients),
      state: { updates: (state as { updates: number }).updates + 1 }
    })
  },
  ...more
})
const withEach = (params: Parameters<Recipe['optimizer']['update']>[2], gradients: typeof params): typeof params => {
  const { weights } = params as { weights?: tf.Tensor }
  return weights === undefined
    ? params
    : { weights: tf.sub(weights, tf.mul((gradients as { weights: tf.Tensor }).weights, 0.1)) }
}

const batchOf = (seed: number): Batch => ({
  views: [seeded(seed).normal([6, dim]), seeded(seed).split('second').normal([6, dim])]
})
const half = ({ views }: Batch, start: number): Batch => ({ views: mapViews(views, view => tf.slice(view, start, 3)) })
const numbers = (tree: unknown): number[] => tensorsOf(tree).flatMap(tensor => [...tensor.dataSync()])
const all = (state: State): unknown =>
  leaves(state as never).map(leaf => ((leaf as unknown) instanceof tf.Tensor ? numbers(leaf) : leaf))

/** A step of the two halves, and what belongs to it as a whole. */
function inHalves(trainer: Trainer, before: Owned<State>, batch: Batch): Owned<State> {
  const begun = trainer.begin(before, batch)
  let state = before
  for (const round of trainer.rounds(before.step)) {
    const learned = trainer.learn(state, batch, { round, begun })
    const next = trainer.advance(state, learned)
    dispose(learned)
    dispose(state)
    state = next
  }
  const after = trainer.end(state, begun)
  dispose(state)
  dispose(begun)
  return after
}

describe('a step in two halves', () => {
  const target = { momentum: (step: number) => 0.9 + 0.01 * step }
  const rounds: Recipe['schedule'] = units => units.map(unit => [unit])
  test.each([
    ['one round', {}],
    ['several rounds', { schedule: rounds }],
    ['one round, with a target network', { target }],
    ['several rounds, with a target network', { schedule: rounds, target }]
  ] as const)('is the step, to the bit: %s', (_, more) => {
    const trainer = createTrainer(recipeOf(dense, counting, more), { inputShape: [dim] })
    let [whole, halves] = [trainer.init(seeded(1)), trainer.init(seeded(1))]
    for (let i = 0; i < 3; i++) {
      const { state, losses, embeddings, gradientNorms } = trainer.step(whole, batchOf(i))
      ;[losses, embeddings, gradientNorms].forEach(tree => dispose(tree as Owned<unknown>))
      whole = state
      const [batch, before] = [batchOf(i), tf.memory().numTensors]
      halves = inHalves(trainer, halves, batch)
      expect(tf.memory().numTensors).toBe(before)
    }
    expect(all(halves)).toEqual(all(whole))
    expect(halves.step).toBe(3)
  })

  test('learning borrows the state and moves nothing', () => {
    const trainer = createTrainer(recipeOf(dense, counting, { target }), { inputShape: [dim] })
    const state = trainer.init(seeded(1))
    const before = all(state)
    dispose(trainer.learn(state, batchOf(1)))
    expect(all(state)).toEqual(before)
  })

  test('parts with numbers of their own draw numbers of their own', () => {
    const trainer = createTrainer(recipeOf(dense, alignment), { inputShape: [dim] })
    const state = trainer.init(seeded(1))
    const lossIn = (part?: number): number[] =>
      numbers(trainer.learn(state, batchOf(1), { begun: trainer.begin(state, batchOf(1), part) }).units.unit0!.loss)
    expect(lossIn(0)).toEqual(lossIn(0))
    expect(lossIn(0)).not.toEqual(lossIn(1))
    expect(lossIn(0)).not.toEqual(lossIn())
  })
})

describe('what was learned in two halves of a batch', () => {
  const trainer = createTrainer(recipeOf(quiet, alignment), { inputShape: [dim] })
  const state = trainer.init(seeded(1))
  const batch = batchOf(1)
  const learn = (some: Batch): ReturnType<Trainer['learn']> => trainer.learn(state, some, { observe: true })

  test('is, joined, what the whole teaches: gradients, losses, embeddings; a penalty is owed once', () => {
    const whole = learn(batch)
    const parts = [learn(half(batch, 0)), learn(half(batch, 3))]
    const before = tf.memory().numTensors
    const joined = combine(parts)
    expect(tf.memory().numTensors).toBe(before + tensorsOf(joined).length)
    const close = (a: unknown, b: unknown): void => {
      const [found, expected] = [numbers(a), numbers(b)]
      expect(found).toHaveLength(expected.length)
      found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6))
    }
    joined.stages.forEach(({ gradients, penalty }, i) => {
      close(gradients, whole.stages[i]!.gradients)
      close(penalty, whole.stages[i]!.penalty)
      expect(numbers(penalty)).not.toEqual([])
    })
    for (const [name, { loss, headGradients, embeddings }] of Object.entries(joined.units)) {
      close(
        [loss, headGradients, embeddings],
        [whole.units[name]!.loss, whole.units[name]!.headGradients, whole.units[name]!.embeddings]
      )
    }
    close(
      trainer.advance(state, joined).stages.map(({ params }) => params),
      trainer.advance(state, whole).stages.map(({ params }) => params)
    )
  })

  test('has the buffers of the last part', () => {
    const parts = [learn(half(batch, 0)), learn(half(batch, 3))]
    const joined = combine(parts)
    joined.stages.forEach(({ buffers }, i) => {
      expect(numbers(buffers)).toEqual(numbers(parts[1]!.stages[i]!.buffers))
      expect(numbers(buffers)).not.toEqual(numbers(parts[0]!.stages[i]!.buffers))
    })
    expect(numbers(joined.units.unit1!.headBuffers)).toEqual(numbers(parts[1]!.units.unit1!.headBuffers))
  })

  test('adds up with weights, as replicas that sum', () => {
    const parts = [learn(half(batch, 0)), learn(half(batch, 3))]
    const [mean, sum] = [combine(parts), combine(parts, [1, 1])]
    const expected = numbers(mean.stages[1]!.gradients).map(value => 2 * value)
    numbers(sum.stages[1]!.gradients).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6))
    expect(numbers(sum.stages[1]!.penalty)).toEqual(numbers(mean.stages[1]!.penalty))
  })

  test('does not outlive or harm its parts', () => {
    const parts = [learn(half(batch, 0)), learn(half(batch, 3))]
    const joined = combine(parts)
    const values = numbers(joined)
    parts.forEach(dispose)
    expect(numbers(joined)).toEqual(values)
    dispose(joined)
    expect(tensorsOf(state).some(({ isDisposed }) => isDisposed)).toBe(false)
  })

  test('refuses a memory by name, no parts, weights that do not fit, and parts of different units', () => {
    const remembering = createTrainer(recipeOf(quiet, weighted([[counting, 1]])), { inputShape: [dim] })
    const first = remembering.init(seeded(1))
    const part = remembering.learn(first, half(batch, 0))
    expect(() => combine([part, part])).toThrow(
      'combine: expected losses that remember nothing, but that of "unit0" has a memory'
    )
    expect(() => combine([])).toThrow('combine: expected one part or more, got none.')
    const [one, other] = [learn(batch), trainer.learn(state, batch, { round: { units: [trainer.units[1]!] } })]
    expect(() => combine([one, one], [1])).toThrow('combine: expected 2 finite weights, one for each part, got 1.')
    expect(() => combine([one, one], [1, Number.NaN])).toThrow('combine: expected 2 finite weights')
    expect(() => combine([one, other])).toThrow(
      'combine: expected parts of the same units, got unit0 observed in 2 views, ' +
        'unit1 observed in 2 views teaching stages 0, 1, 2 and ' +
        'unit1 teaching stages 1, 2.'
    )
  })
})
