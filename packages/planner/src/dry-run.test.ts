import '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { dryRun } from './dry-run.ts'

const numbers = (shape: number[], dtype: 'float32' | 'int32' | 'bool' = 'float32'): tf.Tensor => tf.ones(shape, dtype)
const images = (...shape: [number, number, number, number]): tf.Tensor4D => numbers(shape) as tf.Tensor4D
const matrix = (...shape: [number, number]): tf.Tensor2D => numbers(shape) as tf.Tensor2D
const whole = (values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32')

/** Gradients too, for their kernels are others. */
const gradientOf = (
  f: (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor,
  x: tf.Tensor4D,
  filter: tf.Tensor4D
): tf.Tensor[] => tf.grads((a, b) => tf.sum(f(a as tf.Tensor4D, b as tf.Tensor4D)))([x, filter])

/** One of each kind of kernel whose shapes have a rule, and some that have none. */
const operations: Readonly<Record<string, () => tf.Tensor | tf.Tensor[]>> = {
  'arithmetic with broadcasting': () => tf.add(matrix(3, 1), numbers([1, 4])),
  'whole numbers': () => [
    tf.mul(whole([1, 2]), whole([3, 4])),
    tf.div(whole([1, 2]), whole([3, 4])),
    tf.cast(matrix(2, 2), 'int32')
  ],
  comparisons: () => [tf.greater(matrix(3, 2), 0), tf.logicalNot(tf.equal(whole([1]), whole([2])))],
  activations: () => [
    tf.relu(matrix(2, 3)),
    tf.elu(matrix(2, 3)),
    tf.softmax(matrix(2, 3)),
    tf.logSoftmax(matrix(2, 3)),
    tf.sigmoid(matrix(2, 3)),
    tf.clipByValue(matrix(2, 3), 0, 1)
  ],
  reductions: () => [
    tf.sum(images(2, 3, 4, 5), [1, 2]),
    tf.mean(images(2, 3, 4, 5), -1, true),
    tf.max(matrix(2, 3)),
    tf.sum(numbers([4], 'bool')),
    tf.any(numbers([4], 'bool')),
    tf.argMax(matrix(2, 3), 1),
    tf.logSumExp(matrix(2, 3), 1)
  ],
  ranks: () => {
    const { values, indices } = tf.topk(matrix(3, 7), 4)
    return [values, indices]
  },
  movement: () => [
    tf.transpose(images(2, 3, 4, 5), [3, 0, 2, 1]),
    tf.concat([matrix(2, 3), matrix(2, 4)], -1),
    tf.stack([matrix(2, 3), matrix(2, 3)], 1),
    ...tf.unstack(matrix(2, 3), -1),
    ...tf.split(matrix(6, 4), [1, 3, 2]),
    ...tf.split(matrix(6, 4), 2, 1),
    tf.slice(matrix(6, 4), [1, 0], [2, -1]),
    tf.pad(matrix(2, 3), [
      [1, 0],
      [2, 2]
    ]),
    tf.mirrorPad(
      matrix(3, 3),
      [
        [1, 1],
        [1, 1]
      ],
      'reflect'
    ),
    tf.tile(matrix(2, 3), [2, 1]),
    tf.reverse(matrix(2, 3), 1),
    tf.broadcastTo(matrix(1, 3), [4, 3]),
    tf.reshape(matrix(6, 4), [3, -1])
  ],
  gathering: () => [
    tf.gather(matrix(5, 4), whole([0, 2, 4])),
    tf.gather(
      images(2, 3, 4, 5),
      tf.tensor2d(
        [
          [0, 1],
          [1, 0]
        ],
        [2, 2],
        'int32'
      ),
      2
    ),
    tf.oneHot(whole([0, 1]), 4),
    tf.where(numbers([3], 'bool'), numbers([3]), numbers([3])),
    tf.unsortedSegmentSum(matrix(4, 3), whole([0, 1, 0, 1]), 2)
  ],
  'without a rule': () => [
    tf.stridedSlice(matrix(6, 4), [0, 0], [6, 4], [2, 1]),
    tf.eye(3),
    tf.linspace(0, 1, 5),
    tf.range(0, 4),
    tf.einsum('ij,jk->ik', matrix(2, 3), matrix(3, 4)),
    tf.spaceToBatchND(
      images(1, 4, 4, 1),
      [2, 2],
      [
        [0, 0],
        [0, 0]
      ]
    )
  ],
  products: () => [
    tf.matMul(matrix(3, 4), matrix(5, 4), false, true),
    tf.matMul(numbers([2, 4, 3]), numbers([2, 4, 5]), true)
  ],
  convolutions: () => [
    tf.conv2d(images(2, 7, 8, 3), images(3, 3, 3, 5), 2, 1),
    tf.conv2d(images(2, 7, 8, 3), images(3, 3, 3, 5), 1, 'same', 'NHWC', 2),
    tf.depthwiseConv2d(images(2, 7, 8, 3), images(3, 3, 3, 2), 1, 'valid'),
    tf.conv3d(numbers([1, 4, 4, 4, 2]) as tf.Tensor5D, numbers([2, 2, 2, 2, 3]) as tf.Tensor5D, 1, 'valid')
  ],
  'gradients of convolutions': () => [
    ...gradientOf((x, filter) => tf.conv2d(x, filter, 2, 1), images(2, 7, 8, 3), images(3, 3, 3, 5)),
    ...gradientOf((x, filter) => tf.depthwiseConv2d(x, filter, 1, 'same'), images(2, 7, 8, 3), images(3, 3, 3, 2))
  ],
  pooling: () => [
    tf.maxPool(images(2, 7, 8, 3), 3, 2, 1),
    tf.avgPool(images(2, 7, 8, 3), 2, 2, 'same'),
    tf.grad(x => tf.maxPool(x as tf.Tensor4D, 3, 2, 1))(images(2, 7, 8, 3)),
    tf.grad(x => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'))(images(2, 8, 8, 3))
  ],
  images: () => [
    tf.image.resizeBilinear(images(2, 7, 8, 3), [5, 5]),
    tf.grad(x => tf.image.resizeBilinear(x as tf.Tensor4D, [5, 5]))(images(2, 8, 8, 3)),
    tf.image.resizeNearestNeighbor(images(2, 7, 8, 3), [5, 5]),
    tf.image.cropAndResize(images(2, 7, 8, 3), matrix(3, 4), whole([0, 1, 0]), [4, 6]),
    tf.image.transform(images(1, 4, 4, 1), matrix(1, 8), 'bilinear')
  ]
}

const forms = (run: () => tf.Tensor | tf.Tensor[]): string[] =>
  tf.tidy(() => [run()].flat().map(({ shape, dtype }) => `${dtype} [${shape.join()}]`))

test.each(Object.keys(operations))('%s have the shapes and types that the cpu backend gives them', async name => {
  await tf.setBackend('cpu')
  const expected = forms(operations[name]!)
  for (const fusing of [false, true]) expect(await dryRun(fusing, () => forms(operations[name]!))).toEqual(expected)
  expect(tf.getBackend()).toBe('cpu')
})

test('counts multiply-adds of products and convolutions, forward and backward', async () => {
  const counted = (f: () => unknown): Promise<number> =>
    dryRun(false, run => {
      const before = run.multiplyAdds()
      tf.tidy(() => {
        f()
      })
      return run.multiplyAdds() - before
    })
  expect(await counted(() => tf.matMul(matrix(3, 4), matrix(4, 5)))).toBe(3 * 4 * 5)
  expect(await counted(() => tf.conv2d(images(2, 8, 8, 3), images(3, 3, 3, 5), 2, 1))).toBe(2 * 4 * 4 * 5 * 27)
  expect(
    await counted(() => gradientOf((x, filter) => tf.conv2d(x, filter, 2, 1), images(2, 8, 8, 3), images(3, 3, 3, 5)))
  ).toBe(3 * 2 * 4 * 4 * 5 * 27)
  expect(await counted(() => tf.depthwiseConv2d(images(2, 8, 8, 3), images(3, 3, 3, 2), 1, 'same'))).toBe(
    2 * 8 * 8 * 6 * 9
  )
})

test('a dry tensor takes no memory and leaves none', async () => {
  await tf.setBackend('cpu')
  const before = tf.memory().numTensors
  await dryRun(true, run => {
    // Four hundred gigabytes.
    const large = run.tensor([100_000, 1_000_000])
    const sum = tf.tidy(() => tf.sum(tf.relu(large), 0))
    expect(sum.shape).toEqual([1_000_000])
    tf.dispose([large, sum])
  })
  expect(tf.memory().numTensors).toBe(before)
})

test('the backend is the old one when something throws', async () => {
  await tf.setBackend('cpu')
  await expect(
    dryRun(true, () => {
      throw new Error('no')
    })
  ).rejects.toThrow('no')
  expect(tf.getBackend()).toBe('cpu')
})

test('runs at once take turns', async () => {
  await tf.setBackend('cpu')
  const shapes = await Promise.all([true, false, true].map(fusing => dryRun(fusing, run => run.tensor([2, 3]).shape)))
  expect(shapes).toEqual([
    [2, 3],
    [2, 3],
    [2, 3]
  ])
  expect(tf.getBackend()).toBe('cpu')
})
