import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  checkClasses,
  checkEmbeddings,
  ofTwoViews,
  perUnit,
  scheduled,
  seeded,
  symmetric,
  weighted,
  type Batch,
  type LocalLoss,
  type Loss,
  type LossVariables,
  type StatefulLoss,
  type Views
} from './index.ts'

const near: Loss = ([a, b]) => tf.mean(tf.squaredDifference(a, b!))
const large: Loss = ([a]) => tf.mean(tf.square(a))
/** Asks the first view, with a weight that learns; counts its calls. */
const asking: StatefulLoss<{ weight: tf.Tensor }, { calls: number }> = {
  init: () => ({ params: { weight: tf.scalar(3) }, memory: { calls: 0 } }),
  apply: ([a], { targets }, { params: { weight }, memory: { calls } }) => ({
    loss: tf.mul(tf.mean(targets ? tf.sub(a, targets[1]!) : a), weight) as tf.Scalar,
    memory: { calls: calls + 1 }
  })
}
const views = [seeded(1).normal([3, 2]), seeded(2).normal([3, 2])] as unknown as Views<tf.Tensor2D>
const batch: Batch = { views }
const number = (scalar: tf.Tensor): number => scalar.dataSync()[0]!
const start = (loss: LocalLoss): LossVariables => (loss as StatefulLoss).init(seeded(1), { embedding: [2] })
const apply = (
  loss: LocalLoss,
  variables: LossVariables,
  given = batch
): { loss: number; memory: LossVariables['memory'] } => {
  const { loss: value, memory } = (loss as StatefulLoss).apply(views, given, variables)
  return { loss: number(value), memory }
}

describe('weighted', () => {
  test('adds pure losses up to a pure loss', () => {
    const both = weighted([
      [near, 2],
      [large, -0.5]
    ]) as Loss
    expect(number(both(views, batch))).toBeCloseTo(
      2 * number(near(views, batch)) - 0.5 * number(large(views, batch)),
      6
    )
  })

  test('keeps the variables of each part apart', () => {
    const both = weighted([
      [asking, 1],
      [near, 1],
      [asking, 2]
    ])
    const { params } = start(both)
    const { loss, memory } = apply(both, start(both))
    expect(loss).toBeCloseTo(number(near(views, batch)) + 9 * number(tf.mean(views[0])), 5)
    expect(memory).toEqual([{ calls: 1 }, {}, { calls: 1 }])
    expect((params as unknown[]).length).toBe(3)
  })

  test.each([
    [[], 'weighted: expected one loss or more, got none.'],
    [[[near, NaN]], 'weighted: expected finite weights, got NaN.']
  ] as const)('refuses %j', (parts, message) =>
    expect(() => weighted(parts as unknown as Parameters<typeof weighted>[0])).toThrow(message)
  )
})

describe('scheduled', () => {
  test('weighs by the step it remembers, so that a restored run goes on where it was', () => {
    const warming = scheduled(near, step => step / 10)
    let variables = start(warming)
    const found: number[] = []
    for (let i = 0; i < 3; i++) {
      const { loss, memory } = apply(warming, variables)
      found.push(loss / number(near(views, batch)))
      variables = { params: variables.params, memory: JSON.parse(JSON.stringify(memory)) as LossVariables['memory'] }
    }
    found.forEach((weight, i) => expect(weight).toBeCloseTo(i / 10, 5))
  })

  test('wraps a loss with variables, and refuses a weight that is no number', () => {
    const late = scheduled(asking, step => (step > 0 ? 1 : 0))
    const first = apply(late, start(late))
    expect(first.loss).toBeCloseTo(0, 9)
    expect(first.memory).toEqual({ step: 1, inner: { calls: 1 } })
    expect(() =>
      apply(
        scheduled(near, () => Infinity),
        start(scheduled(near, () => 1))
      )
    ).toThrow('scheduled: expected a finite weight, got Infinity at step 0.')
  })
})

describe('symmetric', () => {
  test('is the mean of both orders', () => {
    const both = symmetric(large) as Loss
    expect(number(both(views, batch))).toBeCloseTo(
      (number(tf.mean(tf.square(views[0]))) + number(tf.mean(tf.square(views[1]!)))) / 2,
      6
    )
  })

  test('turns the targets with the views, and hands the memory through both', () => {
    const targets = [tf.fill<tf.Rank.R2>([3, 2], 1), tf.fill<tf.Rank.R2>([3, 2], 5)] as const
    const { loss, memory } = apply(symmetric(asking), start(asking), { views, targets })
    const mean = (view: tf.Tensor): number => number(tf.mean(view))
    expect(loss).toBeCloseTo((3 * (mean(views[0]) - 5 + (mean(views[1]!) - 1))) / 2, 4)
    expect(memory).toEqual({ calls: 2 })
  })

  test('wants two views', () => {
    const three = [...views, views[0]] as unknown as Views<tf.Tensor2D>
    expect(() => (symmetric(near) as Loss)(three, { views: three })).toThrow('symmetric: expected two views, got 3.')
  })
})

test('perUnit gives each unit a loss of its own, and says when there are too few', () => {
  const losses = perUnit([() => near, () => large])
  expect(losses({ start: 0, end: 2 }, 0)).toBe(near)
  expect(losses({ start: 1, end: 3 }, 1)).toBe(large)
  expect(() => losses({ start: 2, end: 4 }, 2)).toThrow(
    'perUnit: expected a loss for unit 2 (stages 2 to 4), got 2 losses. Give one for each unit.'
  )
})

test.each<[string, () => unknown, string]>([
  ['no list', () => weighted(near as never), 'weighted: expected pairs of a loss and a weight, got something else.'],
  ['a pair alone', () => weighted([near, 1] as never), 'weighted: expected pairs of a loss and a weight'],
  [
    'no loss',
    () => weighted([['near', 1]] as never),
    'weighted: expected a loss, which is a function or { init, apply }'
  ],
  ['no loss', () => scheduled(null as never, () => 1), 'scheduled: expected a loss, which is a function'],
  [
    'no function',
    () => scheduled(near, 0.1 as never),
    'scheduled: expected a function that gives the weight of a step'
  ],
  [
    'no loss',
    () => symmetric({} as never),
    'symmetric: expected a loss, which is a function or { init, apply }, got object.'
  ],
  ['no list', () => perUnit(near as never), 'perUnit: expected functions that each make a loss, got something else.'],
  ['losses', () => perUnit([near, large] as never), 'perUnit: expected functions that each make a loss'],
  ['no function', () => ofTwoViews(undefined as never), 'ofTwoViews: expected a function that compares two views']
])('what losses are made of is refused: %s', (_, act, message) => expect(act).toThrow(message))

test('embeddings that no loss can compare are refused', () => {
  const compare = ofTwoViews((a, b) => tf.mean(tf.squaredDifference(a, b)))
  const ask = (...given: tf.Tensor[]): unknown => compare(given as unknown as Views<tf.Tensor2D>, batch)
  expect(() => ask(tf.zeros([0, 2]), tf.zeros([0, 2]))).toThrow(
    'ofTwoViews: expected a batch of one example or more, got none. Leave empty batches out.'
  )
  expect(() => ask(tf.ones([3, 2]), tf.ones([4, 2]))).toThrow(
    'ofTwoViews: expected views of the same examples, got 3 and 4 rows. Row i of every view must show example i.'
  )
  expect(() => ask(tf.ones([3, 2], 'bool'), tf.ones([3, 2]))).toThrow(
    'ofTwoViews: expected embeddings of float32, which have gradients, got bool. ' +
      "Make them floats: tf.cast(view, 'float32')."
  )
  expect(() => ask(tf.ones([3]), tf.ones([3]))).toThrow(
    'ofTwoViews: expected embeddings [batch, ...], a row of numbers for each example, got [3].'
  )
  expect(() => checkEmbeddings('mine', [])).toThrow('mine: expected one view or more of each example, got none.')
})

test('classes are int32, one for each example', () => {
  expect(() => checkClasses('mine', tf.tensor1d([0, 1], 'int32'), 2)).not.toThrow()
  const expected = 'mine: expected int32 labels of shape [2], one for each example, '
  expect(() => checkClasses('mine', tf.zeros([2, 1], 'int32'), 2)).toThrow(
    `${expected}got int32 of shape [2, 1]. Lay them flat: tf.reshape(labels, [2]).`
  )
  expect(() => checkClasses('mine', tf.zeros([2]), 2)).toThrow(
    `${expected}got float32 of shape [2]. Make them with tf.tensor1d(labels, 'int32').`
  )
  expect(() => checkClasses('mine', tf.zeros([3], 'int32'), 2)).toThrow(
    `${expected}got int32 of shape [3]. Take images and labels from the same batch.`
  )
})

test('a loss of two views alone may be asked without a batch; one that reads more may not', () => {
  const views = [tf.zeros<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([2, 3])] as const
  const apart = ofTwoViews((a, b) => tf.mean(tf.squaredDifference(a, b)))
  expect(apart(views).dataSync()[0]).toBe(1)
  expect(apart(views, { views }).dataSync()[0]).toBe(1)
  const reading = ofTwoViews((a, _, { labels }) => tf.mul(tf.mean(a), labels === undefined ? 0 : 1))
  const recipe: Loss = apart
  expect(recipe(views, { views }).dataSync()[0]).toBe(1)
  // @ts-expect-error It reads its batch.
  expect(() => reading(views)).toThrow()
})
