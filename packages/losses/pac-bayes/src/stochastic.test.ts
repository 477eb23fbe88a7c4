import {
  createTrainer,
  dispose,
  leaves,
  seeded,
  stateless,
  tensorsOf,
  type Batch,
  type Recipe,
  type Stage,
  type Variables
} from '@lapstrake/core'
import { describeStage, gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  chiSquareDivergence,
  chiSquareObjective,
  contrastiveLogistic,
  gaussianKL,
  isStochastic,
  klDivergence,
  klObjective,
  logGaussianChiSquare,
  stochastic,
  weighPosterior,
  type Posterior,
  type PriorBuffers,
  type StochasticStage
} from './index.ts'

const dense: Stage = stateless('dense', {
  init: (random, [inputs]) => ({
    params: { weights: random.normal([inputs!, 3], 0, 0.5), bias: tf.zeros([3]) },
    outputShape: [3]
  }),
  apply: ({ weights, bias }, x) => tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D), bias!))
})
const identity: Stage = stateless('identity', {
  init: (_, shape) => ({ params: {}, outputShape: shape }),
  apply: (_, x) => x
})
const objective = klObjective({ inverseTemperature: 50 })
const descent: Recipe['optimizer'] = {
  init: () => ({}),
  update: (gradients, state, params) => {
    const slopes = leaves(gradients)
    let i = 0
    const walk = (tree: unknown): unknown =>
      tree instanceof tf.Tensor
        ? tf.sub(tree, tf.mul(slopes[i++]!, 0.1))
        : Object.fromEntries(Object.entries(tree as object).map(([key, child]) => [key, walk(child)]))
    return { params: walk(params) as typeof params, state }
  }
}
const recipe = (stage: Stage): Recipe => ({
  backbone: { name: 'one', stages: [stage] },
  isolation: () => [{ start: 0, end: 1 }],
  head: () => identity,
  loss: () => contrastiveLogistic(),
  optimizer: descent
})
const batch: Batch = { views: [seeded(1).normal([6, 4]), seeded(2).normal([6, 4])] }
type Learnt = Variables<Posterior, PriorBuffers>
const first = (stage: StochasticStage): Learnt => stage.init(seeded(7), [4]) as Learnt
const elsewhere = ({ params, buffers }: Learnt, shift: number, logStd: number): Learnt => ({
  params: {
    ...params,
    mean: { weights: tf.add(leaves(params.mean)[0]!, shift), bias: leaves(params.mean)[1]! },
    logStd: { weights: tf.fill([4, 3], logStd), bias: tf.fill([3], logStd) }
  },
  buffers
})

describeStage('stochastic', stochastic(dense, { objective }), { inputShape: [4] })

test('is known for what it is', () => {
  expect(isStochastic(stochastic(dense))).toBe(true)
  expect(isStochastic(dense)).toBe(false)
})

describe('weights', () => {
  const stage = stochastic(dense, { objective, priorLogStd: -1 })

  test('are drawn once for each batch while learning, and are at their mean at inference', () => {
    const variables = first(stage)
    const x = batch.views[0]
    const learning = (seed: number): number[] =>
      read(stage.apply(variables, x, { training: true, random: seeded(seed) }).output)
    expect(learning(1)).toEqual(learning(1))
    expect(learning(1)).not.toEqual(learning(2))
    const plain = dense.apply({ params: variables.params.mean, buffers: {} }, x, { training: false }).output
    expect(read(stage.apply(variables, x, { training: false }).output)).toEqual(read(plain))
  })

  test('have the mean and the deviation of the posterior', () => {
    const wide = stochastic(
      stateless('many', {
        init: () => ({ params: { w: tf.fill([20_000], 3) }, outputShape: [20_000] }),
        apply: ({ w }) => w!
      }),
      { priorLogStd: -1 }
    )
    const { mean, variance } = tf.moments(leaves<tf.Tensor>(wide.draw(first(wide), seeded(3)).params)[0]!)
    expect(read(mean)[0]).toBeCloseTo(3, 2)
    expect(Math.sqrt(read(variance)[0]!)).toBeCloseTo(Math.exp(-1), 2)
  })
})

describe('divergences on the device', () => {
  const stage = stochastic(dense, { priorLogStd: -1 })
  const variables = elsewhere(first(stage), 0.2, -1.2)
  const compared = { posterior: variables.params, prior: variables.buffers.prior }

  test('agree with those in double precision', async () => {
    const posterior = await weighPosterior(stage, variables)
    expect(read(gaussianKL(compared))[0]! / klDivergence(posterior)).toBeCloseTo(1, 5)
    for (const direction of ['posterior-prior', 'prior-posterior'] as const) {
      expect(
        Math.expm1(read(logGaussianChiSquare(compared, direction))[0]!) / chiSquareDivergence(posterior, direction)
      ).toBeCloseTo(1, 4)
    }
  })

  test.each([
    ['kl', objective],
    ['chi square', chiSquareObjective({ sampleSize: 1000 })],
    ['chi square the other way', chiSquareObjective({ sampleSize: 1000, dependence: 2, direction: 'prior-posterior' })]
  ])('the gradient of the objective agrees with finite differences: %s', (_, { penalty }) => {
    const { mean, logStd, priorLogStd } = elsewhere(first(stochastic(dense, { priorLogStd: -1.6 })), 0.02, -1.7).params
    const prior = variables.buffers.prior
    const cost = (...given: tf.Tensor[]): tf.Scalar =>
      penalty({
        posterior: {
          mean: { weights: given[0]!, bias: given[1]! },
          logStd: { weights: given[2]!, bias: given[3]! },
          priorLogStd: given[4]!
        },
        prior
      })
    expect(gradientError(cost, [...leaves(mean), ...leaves(logStd), priorLogStd], { step: 1e-3 })).toBeLessThan(0.02)
  })
})

describe('an objective keeps the posterior where it is defined, and lets it come back', () => {
  test('the prior below the largest variance', () => {
    const wide = first(stochastic(dense, { priorLogStd: 2 })).params
    expect(read(objective.constrain(wide).priorLogStd)[0]).toBeCloseTo((Math.log(0.1) - 0.01) / 2, 5)
    const { value, grad } = tf.valueAndGrad((s: tf.Tensor) =>
      tf.sum(objective.constrain({ ...wide, priorLogStd: s }).priorLogStd)
    )(tf.scalar(2))
    expect(read(value)[0]).toBeLessThan(0)
    expect(read(grad)).toEqual([1])
    expect(
      read(
        tf.grad((s: tf.Tensor) => tf.neg(objective.constrain({ ...wide, priorLogStd: s }).priorLogStd))(tf.scalar(2))
      )
    ).toEqual([0])
  })

  test.each(['posterior-prior', 'prior-posterior'] as const)('χ² finite: %s', direction => {
    const { constrain, penalty } = chiSquareObjective({ sampleSize: 100, direction })
    const stage = stochastic(dense, { priorLogStd: -2 })
    for (const logStd of [-6, 3]) {
      const { params, buffers } = elsewhere(first(stage), 0, logStd)
      expect(Number.isFinite(read(penalty({ posterior: constrain(params), prior: buffers.prior }))[0])).toBe(true)
    }
  })
})

describe('learning', () => {
  test('moves the posterior and never the prior, and leaves no tensor behind', () => {
    const trainer = createTrainer(recipe(stochastic(dense, { objective, priorLogStd: -2 })), { inputShape: [4] })
    let state = trainer.init(seeded(1))
    const prior = (): number[] => leaves((state.stages[0]!.buffers as PriorBuffers).prior).flatMap(read)
    const learnt = (): number[] => leaves(state.stages[0]!.params).flatMap(read)
    const [priorBefore, before] = [prior(), learnt()]
    let losses
    ;({ state, losses } = trainer.step(state, batch))
    expect(Object.keys(losses)).toEqual(['dense.penalty', 'unit0'])
    dispose(losses)
    const tensors = tf.memory().numTensors
    for (let step = 0; step < 3; step++) {
      ;({ state, losses } = trainer.step(state, batch))
      dispose(losses)
    }
    expect(tf.memory().numTensors).toBe(tensors)
    expect(prior()).toEqual(priorBefore)
    learnt().forEach((value, i) => expect(value).not.toBe(before[i]))
    expect(tensorsOf(state).length).toBeGreaterThan(0)
    dispose(state)
  })

  test('a smaller inverse temperature holds closer to the prior', async () => {
    const distance = async (inverseTemperature: number): Promise<number> => {
      const stage = stochastic(dense, { objective: klObjective({ inverseTemperature }), priorLogStd: -2 })
      const trainer = createTrainer(recipe(stage), { inputShape: [4] })
      let state = trainer.init(seeded(1))
      for (let step = 0; step < 40; step++) ({ state } = trainer.step(state, batch))
      return klDivergence(await weighPosterior(stage, state.stages[0] as Learnt))
    }
    expect(await distance(20)).toBeLessThan(await distance(2000))
  })

  test('a trained prior is where the posterior begins', () => {
    const params = { weights: tf.ones([4, 3]), bias: tf.ones([3]) }
    const {
      params: { mean },
      buffers
    } = first(stochastic(dense, { prior: { params, trainedOn: 'other data' } }))
    expect([...leaves(mean), ...leaves(buffers.prior)].flatMap(read).every(value => value === 1)).toBe(true)
  })
})

test('options that do not fit are refused', () => {
  expect(() => stochastic(dense, { priorLogStd: NaN })).toThrow(
    'stochastic: expected a finite priorLogStd, got NaN. Try -4.'
  )
  expect(() =>
    first(
      stochastic(dense, {
        prior: { params: { weights: tf.ones([4, 2]), bias: tf.ones([3]) }, trainedOn: 'other data' }
      })
    )
  ).toThrow('stochastic: expected a prior of the form of stage "dense", but weights differs.')
  expect(() => klObjective({ inverseTemperature: 0 })).toThrow(
    'klObjective: expected a inverseTemperature above 0, got 0.'
  )
  expect(() => klObjective({ inverseTemperature: 1, delta: 1 })).toThrow('klObjective: expected delta between 0 and 1')
  expect(() => chiSquareObjective({ sampleSize: 0 })).toThrow(
    'chiSquareObjective: expected a sampleSize above 0, got 0.'
  )
  expect(() => chiSquareObjective({ sampleSize: 10, dependence: -1 })).toThrow(
    'chiSquareObjective: expected a dependence of 0 or more, got -1. Try 0.'
  )
})
