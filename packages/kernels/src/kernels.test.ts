import '@tensorflow/tfjs-backend-cpu'
import { seeded, type FusedKernel } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import * as everything from './index.ts'
import {
  affine,
  blurImages,
  channelSums,
  contrastRows,
  decayed,
  fusedKernels,
  groupNorm,
  length,
  lifted,
  mixColors,
  normalise,
  reluOfSum
} from './index.ts'
import { kernelSuites } from './suites.ts'

const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()]

test('the list holds every descriptor once, and no two have one name', () => {
  const isKernel = (one: unknown): one is FusedKernel => typeof one === 'object' && one !== null && 'composed' in one
  expect(new Set(fusedKernels)).toEqual(new Set(Object.values(everything).filter(isKernel)))
  expect(new Set(fusedKernels.map(({ name }) => name)).size).toBe(fusedKernels.length)
})

test('every kernel has a suite, of several examples, the same for the same seed', () => {
  expect(kernelSuites.map(({ kernel }) => kernel)).toEqual(fusedKernels)
  for (const suite of kernelSuites) {
    tf.tidy(() => {
      const [some, same] = [suite.examples(seeded(1)), suite.examples(seeded(1))]
      const first = (given: typeof some): number[] => numbers(Object.values(given[0]!.inputs)[0]!)
      expect(first(some), suite.kernel.name).toEqual(first(same))
      expect(some.length, suite.kernel.name).toBeGreaterThan(3)
    })
  }
})

test('what does not fit together is refused in words', () => {
  const x = [2, 3, 3, 6]
  expect(() => reluOfSum.shapes({ a: [2, 3], b: [3, 2] }, {})).toThrow(
    'reluOfSum: expected b of shape [2, 3], got [3, 2].'
  )
  expect(() => groupNorm.shapes({ x, scale: [6], offset: [6] }, { groups: 4, epsilon: 1e-5, relu: false })).toThrow(
    'groupNorm: expected groups that divide 6 channels, got 4. Try 1, or 6.'
  )
  expect(() => groupNorm.shapes({ x, scale: [6], offset: [5] }, { groups: 2, epsilon: 1e-5, relu: false })).toThrow(
    'groupNorm: expected offset of shape [6], got [5].'
  )
  expect(() => blurImages.shapes({ images: x, weights: [2, 4] }, {})).toThrow(
    'blurImages: expected an odd number of weights for each of 2 images, got [2, 4].'
  )
  const attributes = { temperature: 0.1, chunk: 2 }
  expect(() => contrastRows.shapes({ rows: [1, 8], attracted: [1], weights: [1] }, attributes)).toThrow(
    'contrastRows: expected two rows or more, [n, dim], got [1, 8].'
  )
  expect(() => contrastRows.shapes({ rows: [4, 8], attracted: [5], weights: [5] }, attributes)).toThrow(
    'contrastRows: expected weights of 1 to 4 rows, got [5].'
  )
  const colours = { matrices: [2, 3, 3], luma: [3], lifts: [2] }
  expect(() => mixColors.shapes({ images: x, ...colours }, {})).toThrow(
    'mixColors: expected images of shape [2, 3, 3, 3], got [2, 3, 3, 6].'
  )
})

test('contrastRows multiplies each row with each other twice', () => {
  const shapes = { rows: [10, 3], attracted: [4], weights: [4] }
  expect(contrastRows.multiplyAdds(shapes, { temperature: 1, chunk: 5 })).toBe(2 * 10 * 10 * 3)
})

test('parts that others use too: affine, channelSums, normalise, length, decayed, lifted', () =>
  tf.tidy(() => {
    const x = tf.tensor4d([1, -2, 3, -4], [2, 1, 1, 2])
    expect(numbers(affine(x, tf.tensor1d([2, 3]), tf.tensor1d([1, 0]), true))).toEqual([3, 0, 7, 0])
    expect(numbers(channelSums(x))).toEqual([4, -6])
    const moments = { mean: tf.tensor1d([2, -3]), variance: tf.tensor1d([1, 1]) }
    const { value } = normalise(x, tf.ones([2]), tf.zeros([2]), moments, 0, false)
    expect(numbers(value)).toEqual([-1, 1, 1, -1])
    expect(numbers(length(tf.tensor1d([2, 3]), tf.scalar(6)))).toEqual([7])
    expect(numbers(decayed(tf.scalar(4), tf.scalar(1), 0.5))).toEqual([3])
    const grey = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1])
    expect(numbers(lifted(grey, tf.tensor1d([1]), tf.tensor1d([10])))).toEqual([25])
  }))
