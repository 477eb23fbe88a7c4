import {
  createTrainer,
  dispose,
  leaves,
  seeded,
  stateless,
  vjp,
  withLeaves,
  type Batch,
  type Optimizer,
  type Stage,
  type StatefulLoss,
  type Views
} from '@lapstrake/core'
import { gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { byol, byolLoss, negativeCosine, simSiam, simSiamLoss } from './index.ts'

const rows = (seed: number, batch = 6, dim = 4): tf.Tensor2D => seeded(seed).normal([batch, dim]) as tf.Tensor2D
const pair = (...tensors: readonly tf.Tensor[]): Views<tf.Tensor2D> => tensors as unknown as Views<tf.Tensor2D>
const number = (scalar: tf.Tensor): number => read(scalar)[0]!
const [p1, p2, z1, z2] = [rows(1), rows(2), rows(3), rows(4)] as const

describe('negativeCosine', () => {
  test('golden: right angles cost 0, a diagonal −1 / √2, whatever the lengths', () => {
    const targets = tf.tensor2d([
      [0, 5],
      [2, 2]
    ])
    expect(
      number(
        negativeCosine(
          tf.tensor2d([
            [3, 0],
            [0, 7]
          ]),
          targets
        )
      )
    ).toBeCloseTo(-Math.SQRT1_2 / 2, 6)
    expect(number(negativeCosine(targets, targets))).toBeCloseTo(-1, 6)
    expect(number(negativeCosine(tf.neg(targets), targets))).toBeCloseTo(1, 6)
  })

  test('rows shorter than epsilon count as zeros, and so does their gradient', () => {
    const predictions = tf.tensor2d([
      [1e-4, 0],
      [0, 0],
      [1, 0]
    ])
    const targets = tf.ones<tf.Rank.R2>([3, 2])
    const { outputs, pull } = vjp(
      () => ({ outputs: [negativeCosine(predictions, targets, { epsilon: 1e-3 })], aux: null }),
      [predictions]
    )
    expect(read(outputs)[0]).toBeCloseTo(-Math.SQRT1_2 / 3, 6)
    expect(
      read(pull([tf.scalar(1)], [predictions], { last: true })[0])
        .slice(0, 4)
        .map(Math.abs)
    ).toEqual([0, 0, 0, 0])
  })
})

describe('both ways', () => {
  test('byol is 4 + 4 · simSiam', () => {
    const [simple, slow] = [number(simSiamLoss([p1, p2], [z1, z2])), number(byolLoss([p1, p2], [z1, z2]))]
    expect(slow).toBeCloseTo(4 + 4 * simple, 5)
  })

  test('views may change places', () => {
    for (const loss of [simSiamLoss, byolLoss])
      expect(number(loss([p2, p1], [z2, z1]))).toBeCloseTo(number(loss([p1, p2], [z1, z2])), 6)
  })

  test('predictions have the gradient of finite differences, and what they should guess has none', () => {
    for (const loss of [simSiamLoss, byolLoss]) {
      const f = (p1: tf.Tensor, p2: tf.Tensor, z1: tf.Tensor = rows(3), z2: tf.Tensor = rows(4)): tf.Scalar =>
        loss(pair(p1, p2), pair(z1, z2))
      expect(gradientError(f as Parameters<typeof gradientError>[0], [p1, p2])).toBeLessThan(0.02)
      const { pull } = vjp(() => ({ outputs: [f(p1, p2, z1, z2)], aux: null }), [z1, z2])
      expect(pull([tf.scalar(1)], [z1, z2], { last: true })).toEqual([undefined, undefined])
    }
  })
})

describe('the predictor', () => {
  const batch: Batch = { views: [z1, z2], targets: [p1, p2] }
  const losses: [string, StatefulLoss][] = [
    ['simSiam', simSiam({ hidden: 5 }) as unknown as StatefulLoss],
    ['byol', byol({ hidden: 5 }) as unknown as StatefulLoss]
  ]

  test('is a quarter as wide as an embedding in simSiam and sixteen times as wide in byol, or as one likes', () => {
    const width = (loss: ReturnType<typeof simSiam>): readonly number[] =>
      loss.init(seeded(1), { embedding: [12] }).params.inner.shape
    expect([simSiam(), byol(), simSiam({ hidden: 7 }), byol({ hidden: 7 })].map(width)).toEqual([
      [12, 3],
      [12, 192],
      [12, 7],
      [12, 7]
    ])
  })

  test.each(losses)('of %s has the gradient of finite differences', (_, loss) => {
    const { params, memory } = loss.init(seeded(1), { embedding: [4] })
    const f = (...weights: tf.Tensor[]): tf.Scalar =>
      loss.apply([z1, z2], batch, { params: withLeaves(params, weights), memory }).loss
    expect(gradientError(f, leaves(params))).toBeLessThan(0.1)
  })

  test.each(losses)(
    'of %s costs exactly zero for a single example, with a gradient of exactly zero for every parameter',
    (_, loss) => {
      const { params, memory } = loss.init(seeded(1), { embedding: [4] })
      const one = pair(rows(1, 1), rows(2, 1))
      const wanted = [...leaves(params), ...one]
      const { outputs, pull } = vjp(
        () => ({ outputs: [loss.apply(one, { views: one, targets: one }, { params, memory }).loss], aux: null }),
        wanted
      )
      const found = [outputs[0], ...pull([tf.scalar(1)], wanted, { last: true })].map(read)
      expect(found.every(numbers => numbers.length > 0 && numbers.every(number => number === 0))).toBe(true)
    }
  )

  const descent: Optimizer = {
    init: () => ({}),
    update: (gradients, state, params) => ({
      params: withLeaves(
        params,
        leaves(params).map((p, i) => tf.sub(p, tf.mul(leaves(gradients)[i]!, 0.1)))
      ),
      state
    })
  }
  const linear = (dim: number): Stage =>
    stateless('linear', {
      init: (random, [inputs]) => ({ params: { weights: random.normal([inputs!, dim], 0, 0.5) }, outputShape: [dim] }),
      apply: ({ weights }, x) => tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D)
    })

  test.each(losses)('of %s learns with the unit: it moves, the loss falls, and no tensor is left behind', (_, loss) => {
    const trainer = createTrainer(
      {
        backbone: { name: 'small', stages: [linear(6)] },
        isolation: () => [{ start: 0, end: 1 }],
        head: () => linear(4),
        loss: () => loss,
        optimizer: descent,
        target: { momentum: () => 0.99 }
      },
      { inputShape: [5] }
    )
    const looks: Batch = { views: [rows(1, 16, 5), rows(2, 16, 5)] }
    const tensors = tf.memory().numTensors
    let state = trainer.init(seeded(1))
    const numbers = (): number[][] => leaves(state.units.unit0!.loss.params).map(read)
    const first = numbers()
    const atRest = tf.memory().numTensors
    const costs = Array.from({ length: 30 }, () => {
      const result = trainer.step(state, looks)
      state = result.state
      const [cost] = read(result.losses)
      dispose(result.losses)
      return cost!
    })
    expect(tf.memory().numTensors).toBe(atRest)
    numbers().forEach((now, i) => expect(now).not.toEqual(first[i]))
    expect(costs.at(-1)).toBeLessThan(costs[0]!)
    dispose(state)
    expect(tf.memory().numTensors).toBe(tensors)
  })
})

describe('clear errors', () => {
  const apply = (
    loss: ReturnType<typeof simSiam>,
    embeddings: Views<tf.Tensor2D>,
    targets?: Views<tf.Tensor2D>
  ): unknown =>
    loss.apply(embeddings, { views: embeddings, ...(targets && { targets }) }, loss.init(seeded(1), { embedding: [4] }))
  test.each<[() => unknown, string]>([
    [
      () => simSiam({ hidden: 0 }),
      'simSiam: expected a hidden width that is a whole number from 1 to 65536, got 0. ' +
        "Leave it out for the paper's proportion."
    ],
    [
      () => byol({ hidden: 2.5 }),
      'byol: expected a hidden width that is a whole number from 1 to 65536, got 2.5. ' +
        "Leave it out for the paper's proportion."
    ],
    [() => simSiam({ epsilon: 0 }), 'simSiam: expected a small epsilon above 0, got 0. Try 1e-8.'],
    [() => byol({ epsilon: -1 }), 'byol: expected a small epsilon above 0, got -1. Try 1e-8.'],
    [
      () => byol().init(seeded(1), { embedding: [4, 4, 8] }),
      'byol: expected embeddings that are rows, got shape [4, 4, 8]. Pool or flatten in the head.'
    ],
    [
      () => apply(byol(), [z1, z2]),
      'byol: expected a target network, got none. Give the recipe target: { momentum: () => 0.99 }.'
    ],
    [() => apply(byol(), [z1, z2], [z1, z2, p1]), 'byol: expected a target for each of 2 views, got 3.'],
    [
      () => apply(byol(), [z1, z2], [rows(1, 6, 3), rows(2, 6, 3)]),
      'byol: expected views of one shape [batch, dim], got [6, 4] and [6, 4] and [6, 3] and [6, 3].'
    ],
    [
      () => apply(simSiam(), [z1, z2, p1]),
      'simSiam: expected two views, got 3. For more views use a loss that takes them, such as ntXent() or vicReg().'
    ],
    [() => simSiamLoss([p1, p2], pair(z1)), 'simSiamLoss: expected two or more views of each example, got 1.'],
    [() => negativeCosine(p1, p2, { epsilon: 0 }), 'negativeCosine: expected a small epsilon above 0, got 0. Try 1e-8.']
  ])('%s', (act, message) => expect(act).toThrow(message))
})
