import { leaves, type Optimizer, type Params } from '@lapstrake/core'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { adamW, lars, sgd } from './index.ts'

const numbers = (seed: number): Params => ({
  weights: tf.randomNormal([9, 70], 0, 1, 'float32', seed),
  bias: tf.randomNormal([7], 0, 1, 'float32', seed + 1),
  scalar: tf.scalar(seed)
})

/** All numbers after three updates. */
async function updated(backend: string, optimizer: Optimizer): Promise<number[]> {
  await tf.setBackend(backend)
  const before = tf.memory().numTensors
  const found: number[] = []
  tf.tidy(() => {
    let params = numbers(1)
    let state = optimizer.init(params)
    for (let step = 0; step < 3; step++) ({ params, state } = optimizer.update(numbers(10 + step), state, params))
    for (const leaf of leaves<tf.Tensor | number>([params, state]))
      if (typeof leaf !== 'number') found.push(...leaf.dataSync())
  })
  expect(tf.memory().numTensors).toBe(before)
  return found
}

await describeOnBackends(['wasm', 'node'], backend => {
  test.each<[string, Optimizer]>([
    ['sgd with momentum', sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 })],
    ['sgd with Nesterov momentum', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true })],
    ['adamW', adamW({ learningRate: 0.1, weightDecay: 0.1 }) as Optimizer],
    ['lars', lars({ learningRate: 1, weightDecay: 0.01, trust: 0.1 })],
    ['lars without momentum and decay', lars({ learningRate: 1, momentum: 0, weightDecay: 0, trust: 0.1 })]
  ])('three updates of %s are those of the JavaScript backend, and leave nothing behind', async (_, optimizer) => {
    const expected = await updated('cpu', optimizer)
    const found = await updated(backend, optimizer)
    expect(found).toHaveLength(expected.length)
    found.forEach((value, i) =>
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i]!)))
    )
  })
})
