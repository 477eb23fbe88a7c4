import '@tensorflow/tfjs-backend-cpu'
import { dispose, leaves, own, type Optimizer, type Params } from '@lapstrake/core'
import { describeOptimizer, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import golden from './golden/torch.json' with { type: 'json' }
import { adamW, clipByNorm, constant, lars, sgd, steps, warmupCosine } from './index.ts'

describeOptimizer('sgd', sgd({ learningRate: 0.1 }))
describeOptimizer('sgd with Nesterov momentum', sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }))
describeOptimizer('adamW', adamW({ learningRate: 0.1, weightDecay: 0 }))
describeOptimizer('lars', lars({ learningRate: 1, trust: 0.05, weightDecay: 0 }))
describeOptimizer(
  'lars of constant rate without momentum',
  lars({ learningRate: constant(0.9), momentum: 0, trust: 0.05 })
)
describeOptimizer('clipByNorm', clipByNorm(sgd({ learningRate: 0.1 }), { maxNorm: 1 }))

interface Flat {
  readonly weights: readonly number[]
  readonly bias: readonly number[]
}
const tree = ({ weights, bias }: Flat): Params => ({
  weights: tf.tensor2d([...weights], [2, 3]),
  bias: tf.tensor1d([...bias])
})

describe('trajectories of five updates agree with PyTorch', () => {
  test.each<[keyof typeof golden.trajectories, Optimizer]>([
    ['sgd', sgd({ learningRate: 0.1 })],
    ['decay', sgd({ learningRate: 0.1, weightDecay: 0.2 })],
    ['momentum', sgd({ learningRate: constant(0.1), momentum: 0.9, weightDecay: 0.01 })],
    ['nesterov', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 })],
    ['adamW', adamW({ learningRate: 0.01, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 })],
    [
      'lars',
      lars({
        learningRate: steps({ initial: 4.8, milestones: [2, 4] }),
        momentum: 0.9,
        weightDecay: 0.01,
        trust: 0.001
      })
    ],
    ['clipped', clipByNorm(sgd({ learningRate: 0.1 }), { maxNorm: 0.5 })]
  ])('%s', (name, optimizer) => {
    let params = tree(golden.start)
    let state = optimizer.init(params)
    golden.trajectories[name].forEach((expected, t) => {
      ;({ params, state } = optimizer.update(tree(golden.gradients[t]!), state, params))
      const numbers = leaves(params).flatMap(leaf => [...leaf.dataSync()])
      ;[...expected.weights, ...expected.bias].forEach((value, i) => expect(numbers[i]).toBeCloseTo(value, 5))
    })
  })
})

describe('schedules agree with PyTorch', () => {
  test.each<[keyof typeof golden.schedules, (updates: number) => number]>([
    ['cosine', warmupCosine({ peak: 0.4, total: 12, floor: 0.05 })],
    ['warmupCosine', warmupCosine({ peak: 0.4, total: 12, warmup: 3 })],
    ['steps', steps({ initial: 0.4, milestones: [3, 7] })]
  ])('%s', (name, rate) => {
    golden.schedules[name].forEach((expected, t) => expect(rate(t)).toBeCloseTo(expected, 10))
  })

  test('a schedule moves with the updates of its own owner', () => {
    const optimizer = sgd({ learningRate: steps({ initial: 1, milestones: [1] }) })
    const gradient = tf.scalar(1)
    const first = optimizer.update(gradient, optimizer.init(tf.scalar(0)), tf.scalar(0))
    const second = optimizer.update(gradient, first.state, first.params)
    expect((second.params as tf.Tensor).dataSync()[0]).toBeCloseTo(-1.1, 6)
  })
})

describe('zeros in place of a parameter or its gradient stay finite', () => {
  const [zeros, ones] = [tf.zeros([2, 2, 1, 1]), tf.ones([2, 2, 1, 1])]
  test.each<[string, Optimizer]>([
    ['sgd', sgd({ learningRate: 1 })],
    ['adamW', adamW({ learningRate: 1 }) as Optimizer],
    ['lars', lars({ learningRate: 1, weightDecay: 0 })],
    ['clipByNorm', clipByNorm(sgd({ learningRate: 1 }), { maxNorm: 1 })]
  ])('%s', (_, optimizer) => {
    for (const [param, gradient] of [
      [zeros, ones],
      [ones, zeros],
      [zeros, zeros]
    ] as const) {
      expect(read(optimizer.update(gradient, optimizer.init(param), param).params).every(Number.isFinite)).toBe(true)
    }
  })
})

test('lars moves a bias by the plain gradient, without decay', () => {
  const optimizer = lars({ learningRate: 0.5, weightDecay: 1 })
  const bias = tf.tensor1d([1, 2])
  expect(read(optimizer.update(tf.tensor1d([2, 0]), optimizer.init(bias), bias).params)).toEqual([0, 2])
})

test('clipping measures all parameters of an owner together', () => {
  const optimizer = clipByNorm(sgd({ learningRate: 1 }), { maxNorm: 1 })
  const params = { weights: tf.tensor1d([0]), bias: tf.tensor1d([0]) }
  const gradients = { weights: tf.tensor1d([3]), bias: tf.tensor1d([4]) }
  const [weights, bias] = read(optimizer.update(gradients, optimizer.init(params), params).params)
  expect(weights).toBeCloseTo(-0.6, 5)
  expect(bias).toBeCloseTo(-0.8, 5)
})

test('a schedule stays at its floor after the end, and one without sense is refused when it is asked', () => {
  expect(warmupCosine({ peak: 1, total: 10, warmup: 2, floor: 0.1 })(99)).toBeCloseTo(0.1, 12)
  const optimizer = sgd({ learningRate: updates => (updates === 0 ? 1 : NaN) })
  const [param, gradient] = [tf.scalar(1), tf.scalar(1)]
  const { params, state } = optimizer.update(gradient, optimizer.init(param), param)
  expect(() => optimizer.update(gradient, state, params)).toThrow(
    'sgd: expected a learning rate of 0 or more, got NaN from the schedule after 1 updates. Try 0.1.'
  )
})

test('clipping leaves a short gradient as it is, and leaks nothing', () => {
  const optimizer = clipByNorm(sgd({ learningRate: 1 }), { maxNorm: 10 })
  const param = tf.tensor1d([1, 2])
  const state = optimizer.init(param)
  const gradient = tf.tensor1d([3, 4])
  const before = tf.memory().numTensors
  const moved = own(() => optimizer.update(gradient, state, param))
  expect([...(moved.params as tf.Tensor).dataSync()]).toEqual([-2, -2])
  dispose(moved)
  expect(tf.memory().numTensors).toBe(before)
})

test('an owner without parameters is left in peace', () => {
  for (const optimizer of [
    sgd({ learningRate: 1 }),
    sgd({ learningRate: 1, momentum: 0.9 }),
    adamW({ learningRate: 1 }),
    clipByNorm(lars({ learningRate: 1 }), { maxNorm: 1 })
  ] as Optimizer[]) {
    expect(optimizer.update({}, optimizer.init({}), {}).params).toEqual({})
  }
})

test.each([
  [() => sgd({ learningRate: -1 }), 'sgd: expected a learning rate of 0 or more, got -1. Try 0.1.'],
  [() => sgd({ learningRate: 1, momentum: 1 }), 'sgd: expected a momentum from 0 to below 1, got 1.'],
  [() => sgd({ learningRate: 1, nesterov: true }), 'sgd: expected a momentum above 0 with nesterov, got 0. Try 0.9.'],
  [() => adamW({ learningRate: 1, beta2: 2 }), 'adamW: expected beta2 from 0 to below 1, got 2.'],
  [() => lars({ learningRate: NaN }), 'lars: expected a learning rate of 0 or more, got NaN. Try 0.1.'],
  [() => clipByNorm(sgd({ learningRate: 1 }), { maxNorm: 0 }), 'clipByNorm: expected a maxNorm above 0, got 0. Try 1.'],
  [() => sgd({ learningRate: Infinity }), 'sgd: expected a learning rate of 0 or more, got Infinity. Try 0.1.'],
  [() => steps({ initial: -1, milestones: [] }), 'steps: expected an initial rate from 0 to below Infinity, got -1.'],
  [() => adamW({ lr: 1e-3 } as never), 'adamW: expected options among learningRate, beta1, '],
  [() => adamW({} as never), 'adamW: expected a learning rate of 0 or more, got undefined. Try 0.1.'],
  [() => sgd(0.1 as never), 'sgd: expected options, as in { learningRate: … }, got 0.1.'],
  [() => clipByNorm(undefined as never, { maxNorm: 1 }), 'clipByNorm: expected an optimizer, as in clipByNorm(sgd('],
  [() => steps({ initial: 1, milestones: [NaN] }), 'steps: expected milestones of 0 updates or more, got [null].'],
  [
    () => warmupCosine({ peak: 1, total: 5, warmup: 5 }),
    'warmupCosine: expected 0 ≤ warmup < total, got a warm-up of 5 and a total of 5.'
  ]
])('%s', (act, message) => expect(act).toThrow(message))
