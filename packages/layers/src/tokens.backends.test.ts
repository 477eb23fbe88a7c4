import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import {
  createTrainer,
  dispose,
  leaves,
  seeded,
  tensorsOf,
  withLeaves,
  type Batch,
  type Isolation,
  type Loss,
  type Mode,
  type Optimizer,
  type Owned,
  type Params,
  type Recipe,
  type Shape,
  type Stage,
  type State
} from '@lapstrake/core'

// A small transformer on sequences of tokens. Which of them are padding is in the context: `{ mask: [batch, length] }`,
// 1 for a token and 0 for padding.

const [vocabulary, dim, classes] = [12, 8, 3]
type Weights = Readonly<Record<string, tf.Tensor2D>>

const weightsOf = (...shapes: readonly (readonly [name: string, rows: number, columns: number])[]) => ({
  init: (random: Parameters<Stage['init']>[0]): Params =>
    Object.fromEntries(
      shapes.map(([name, rows, columns]) => [name, random.split(name).normal([rows, columns], 0, 1 / Math.sqrt(rows))])
    )
})

const stage = (
  name: string,
  outputShape: (input: Shape) => Shape,
  { init }: ReturnType<typeof weightsOf>,
  apply: (weights: Weights, x: tf.Tensor3D, mask: tf.Tensor2D) => tf.Tensor
): Stage => ({
  name,
  init: (random, shape) => ({ params: init(random), buffers: {}, outputShape: outputShape(shape) }),
  apply: ({ params }, x, mode) => ({ output: apply(params as Weights, x as tf.Tensor3D, maskOf(mode)), buffers: {} })
})
const maskOf = ({ context }: Mode): tf.Tensor2D => (context as { readonly mask: tf.Tensor2D }).mask

const embedding = stage(
  'embedding',
  ([length]) => [length!, dim],
  weightsOf(['table', vocabulary, dim]),
  ({ table }, tokens) => {
    const [batch, length] = tokens.shape as readonly [number, number, ...number[]]
    const rows = tf.matMul(tf.reshape(tf.oneHot(tf.cast(tokens, 'int32'), vocabulary), [-1, vocabulary]), table!)
    const place = tf.div(tf.range(0, length), 8)
    return tf.add(tf.reshape(rows, [batch, length, dim]), tf.reshape(tf.sin(place), [1, length, 1]))
  }
)

/** Attention of one head and a perceptron, each added to what came in. */
const block = (name: string): Stage =>
  stage(
    name,
    shape => shape,
    weightsOf(
      ['query', dim, dim],
      ['key', dim, dim],
      ['value', dim, dim],
      ['up', dim, 2 * dim],
      ['down', 2 * dim, dim]
    ),
    ({ query, key, value, up, down }, x, mask) => {
      const attended = tf.add(x, attend(linear(x, query!), linear(x, key!), linear(x, value!), mask))
      return tf.add(attended, linear(tf.relu(linear(attended as tf.Tensor3D, up!)), down!))
    }
  )

const linear = (x: tf.Tensor3D, weights: tf.Tensor2D): tf.Tensor3D => {
  const [batch, length, width] = x.shape
  return tf.reshape(tf.matMul(tf.reshape(x, [batch * length, width]), weights), [batch, length, weights.shape[1]])
}

/** The softmax of what is no padding. Weights and their sum come of one product: its order does not know the length. */
function attend(query: tf.Tensor3D, key: tf.Tensor3D, value: tf.Tensor3D, mask: tf.Tensor2D): tf.Tensor {
  const seen = tf.expandDims(mask, 1) // [batch, 1, length]
  const scores = tf.div(tf.matMul(query, key, false, true), Math.sqrt(dim)) // [batch, length, length]
  const highest = tf.max(tf.sub(scores, tf.mul(tf.sub(1, seen), 1e9)), 2, true)
  const weights = tf.mul(tf.exp(tf.minimum(tf.sub(scores, highest), 0)), seen)
  const sums = tf.matMul(weights, tf.concat([value, tf.onesLike(tf.slice(value, 0, [-1, -1, 1]))], 2))
  return tf.div(tf.slice(sums, 0, [-1, -1, dim]), tf.slice(sums, [0, 0, dim], [-1, -1, 1]))
}

/** The mean of the tokens, as logits. */
const classifier = stage(
  'classifier',
  () => [classes],
  weightsOf(['weights', dim, classes]),
  ({ weights }, x, mask) => {
    const sum = tf.squeeze(tf.matMul(tf.expandDims(mask, 1), x), [1]) // [batch, dim]
    return tf.matMul(tf.div(sum, tf.sum(mask, 1, true)) as tf.Tensor2D, weights!)
  }
)

const crossEntropy: Loss = (views, { labels }) =>
  tf.mean(
    tf.stack(
      views.map(logits =>
        tf.neg(tf.mean(tf.sum(tf.mul(tf.oneHot(labels as tf.Tensor1D, classes), tf.logSoftmax(logits)), 1)))
      )
    )
  )

/** Momentum and decay would only hide mistakes here. */
const descend: Optimizer = {
  init: () => ({}),
  update: (gradients, state, params) => {
    const slopes = leaves(gradients)
    return {
      params: withLeaves(
        params,
        leaves(params).map((w, i) => tf.sub(w, tf.mul(slopes[i]!, 0.2)))
      ),
      state
    }
  }
}

const windows =
  (size: number): Isolation =>
  depth =>
    Array.from({ length: depth - size + 1 }, (_, start) => ({ start, end: start + size }))

const recipe = (isolation: Isolation): Recipe => ({
  backbone: { name: 'transformer', stages: [embedding, block('first'), block('second')] },
  isolation,
  head: () => classifier,
  loss: () => crossEntropy,
  optimizer: descend
})

const count = 24

/** Sequences of 3 to 7 tokens, most of them from the four of their class, padded to `length` with tokens of a kind. */
function sequences(length: number, padding = 0, seed = 1): Batch {
  const random = seeded(seed)
  const lengths = [...random.split('lengths').bits(count)].map(bits => 3 + (bits % 5))
  const draws = random.split('tokens').bits(count * 8)
  const tokens = lengths.map((own, i) =>
    Array.from({ length }, (_, at) => (at < own ? 4 * (i % classes) + (draws[8 * i + at]! % 4) : padding))
  )
  const mask = lengths.map(own => Array.from({ length }, (_, at) => (at < own ? 1 : 0)))
  return {
    views: [tf.tensor2d(tokens)],
    context: [{ mask: tf.tensor2d(mask) }],
    labels: tf.tensor1d(
      lengths.map((_, i) => i % classes),
      'int32'
    )
  }
}

await describeOnBackends(['cpu', 'wasm'], () => {
  test.each([
    ['end-to-end', windows(3), undefined],
    ['greedy', windows(1), undefined],
    ['overlapping', windows(2), undefined],
    ['end-to-end, in parts', windows(3), 7],
    ['greedy, in parts', windows(1), 7],
    ['overlapping, in parts', windows(2), 7]
  ] as const)('padded sequences in one view are learned: %s', async (_, isolation, microBatch) => {
    const trainer = createTrainer(recipe(isolation), { inputShape: [8], microBatch })
    let state: Owned<State> = trainer.init(seeded(1))
    const batch = sequences(8)
    const { name: top } = trainer.units.at(-1)!
    const losses: number[] = []
    const before = tf.memory().numTensors
    for (let step = 0; step < 40; step++) {
      const result = trainer.step(state, batch)
      state = result.state
      losses.push(...(await result.losses[top]!.data()))
      dispose(result.losses)
    }
    expect(tf.memory().numTensors).toBe(before)
    expect(losses[0]).toBeGreaterThan(0.7)
    expect(losses.at(-1)).toBeLessThan(0.35 * losses[0]!)
    dispose(state)
  })

  test('embeddings do not know how long the padding is, nor what it holds: they are equal to the bit', async () => {
    const trainer = createTrainer(recipe(windows(2)), { inputShape: [8] })
    const state = trainer.init(seeded(1))
    const embeddingsOf = async (batch: Batch): Promise<readonly Float32Array[]> => {
      const learned = trainer.learn(state, batch, { observe: true })
      const all = Object.values(learned.units).flatMap(({ embeddings }) => [...embeddings!])
      const values = await Promise.all(all.map(rows => rows.data() as Promise<Float32Array>))
      dispose(learned)
      return values
    }
    const expected = await embeddingsOf(sequences(7))
    expect(expected).toHaveLength(2)
    for (const length of [8, 9, 11, 12, 16, 17, 23, 31, 64]) {
      expect(await embeddingsOf(sequences(length))).toEqual(expected)
      expect(await embeddingsOf(sequences(length, 5))).toEqual(expected)
    }
  })

  test('parts give the gradients of the whole, each part with the rows of the context that are its own', async () => {
    const [whole, parts] = [undefined, 5].map(microBatch => {
      const trainer = createTrainer(recipe(windows(2)), { inputShape: [8], microBatch })
      return trainer.learn(trainer.init(seeded(1)), sequences(9))
    })
    const [expected, found] = await Promise.all(
      [whole!, parts!].map(learned => Promise.all(tensorsOf(learned.stages).map(tensor => tensor.data())))
    )
    found!.forEach((values, i) =>
      values.forEach((value, j) => expect(Math.abs(value - expected![i]![j]!)).toBeLessThan(1e-5))
    )
  })

  test('views of one length travel together with their contexts, others apart', async () => {
    const trainer = createTrainer(recipe(windows(2)), { inputShape: [8] })
    const state = trainer.init(seeded(1))
    const lossOf = async (first: Batch, second: Batch): Promise<number> => {
      const batch: Batch = {
        views: [first.views[0], second.views[0]],
        context: [first.context![0]!, second.context![0]!],
        labels: first.labels
      }
      return (await trainer.learn(state, batch).units.unit1!.loss.data())[0]!
    }
    const together = await lossOf(sequences(8), sequences(8, 0, 2))
    expect(await lossOf(sequences(8), sequences(13, 0, 2))).toBeCloseTo(together, 6)
    expect(await lossOf(sequences(8), sequences(8))).not.toBeCloseTo(together, 3)
  })

  test('a target network and a teacher find the context too', async () => {
    const following: Loss = (views, { targets, teacher }) =>
      tf.add(
        tf.mean(tf.squaredDifference(views[0], targets![0])),
        tf.mean(tf.squaredDifference(views[0], teacher![0]))
      ) as tf.Scalar
    const { backbone } = recipe(windows(2))
    const what: Recipe = {
      ...recipe(windows(2)),
      loss: () => following,
      target: { momentum: () => 0.5 },
      teacher: { backbone, head: classifier }
    }
    const taught = createTrainer(recipe(windows(3)), { inputShape: [8] }).init(seeded(2))
    const teacher = { stages: taught.stages, head: taught.units.unit0!.head }
    const trainer = createTrainer(what, { inputShape: [8], teacher })
    const lossOf = async (batch: Batch): Promise<number> =>
      (await trainer.learn(trainer.init(seeded(1)), batch).units.unit0!.loss.data())[0]!
    expect(await lossOf(sequences(8))).toBe(await lossOf(sequences(15, 3)))
  })

  test.each([
    ['of fewer views', { context: [] }, 'learn: expected the context of 1 views, one tree of tensors for each, got 0.'],
    [
      'of other examples',
      { context: [{ mask: tf.ones([3, 8]) }] },
      'learn: expected the batch as the first axis of everything in the context, 24 examples, ' +
        'but 0.mask has shape [3, 8].'
    ]
  ] as const)('a context %s is refused', (_, change, message) => {
    const trainer = createTrainer(recipe(windows(2)), { inputShape: [8] })
    expect(() => trainer.learn(trainer.init(seeded(1)), { ...sequences(8), ...change })).toThrow(message)
  })
})
