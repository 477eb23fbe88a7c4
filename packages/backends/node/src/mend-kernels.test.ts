import '@tensorflow/tfjs-backend-cpu'
import { own, seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { registerNode } from './index.ts'

const refused = await registerNode().then(
  () => undefined,
  (error: Error) => error.message
)
const backend = 'tensorflow'

type Images = tf.Tensor4D
type Padding = number | [[number, number], [number, number], [number, number], [number, number]]

const images = (seed: number, shape: [number, number, number, number]): Images => seeded(seed).normal(shape) as Images

/** The result of `f` and its gradients, on one backend. */
async function numbersOf(
  name: string,
  f: (...inputs: Images[]) => tf.Tensor,
  shapes: readonly [number, number, number, number][]
): Promise<number[]> {
  expect(await tf.setBackend(name)).toBe(true)
  const before = tf.memory()
  const inputs = shapes.map((shape, i) => images(i, shape))
  const results = own(() => {
    const value = f(...inputs)
    const gradients = tf.grads((...inputs: tf.Tensor[]) =>
      tf.sum(tf.mul(f(...(inputs as Images[])), images(9, value.shape as never)))
    )(inputs)
    return [value, ...gradients]
  })
  const numbers = (await Promise.all(results.map(result => result.data()))).flatMap(values => [...values])
  tf.dispose([results, inputs])
  expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers])
  return numbers
}

async function expectSameAsCpu(
  f: (...inputs: Images[]) => tf.Tensor,
  ...shapes: readonly [number, number, number, number][]
): Promise<void> {
  const [expected, found] = [await numbersOf('cpu', f, shapes), await numbersOf(backend, f, shapes)]
  expect(found).toHaveLength(expected.length)
  found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4))
}

const lopsided: Padding = [
  [0, 0],
  [0, 2],
  [1, 0],
  [0, 0]
]

describe.skipIf(refused !== undefined)(`on TensorFlow's library${refused === undefined ? '' : ` (${refused})`}`, () => {
  test.each<[filter: number, stride: number, pad: Padding]>([
    [3, 1, 1],
    [3, 2, 1],
    [1, 2, 0],
    [5, 1, 2],
    [3, 1, 2],
    [4, 2, 1],
    [3, 1, lopsided]
  ])(
    'a convolution of %i by stride %i, padded by %j, and its gradients are those of the JavaScript backend',
    async (filter, stride, pad) => {
      await expectSameAsCpu((x, kernel) => tf.conv2d(x!, kernel!, stride, pad), [2, 8, 7, 3], [filter, filter, 3, 4])
      await expectSameAsCpu(
        (x, kernel) => tf.depthwiseConv2d(x!, kernel!, stride, pad),
        [2, 8, 7, 3],
        [filter, filter, 3, 2]
      )
    }
  )

  test('a dilated one is, forward', async () => {
    const dilated = (x: Images, kernel: Images): tf.Tensor => tf.conv2d(x, kernel, 1, 2, 'NHWC', 2)
    const shapes = [
      [2, 8, 7, 3],
      [3, 3, 3, 4]
    ] as const
    const values = await Promise.all(
      ['cpu', backend].map(async name => {
        await tf.setBackend(name)
        return own(() => dilated(images(0, [...shapes[0]]), images(1, [...shapes[1]]))).data()
      })
    )
    values[0]!.forEach((value, i) => expect(Math.abs(value - values[1]![i]!)).toBeLessThan(1e-4))
  })

  test.each<[filter: number, stride: number, pad: Padding]>([
    [3, 2, 1],
    [3, 1, 1],
    [2, 2, 1],
    [3, 1, lopsided]
  ])(
    'the largest of windows of %i by stride %i, padded by %j, and its gradient are those of the JavaScript backend',
    (filter, stride, pad) =>
      expectSameAsCpu(x => tf.maxPool(tf.sub(x!, 5) as Images, filter, stride, pad), [2, 8, 8, 3])
  )

  test('a mean over windows counts what lies inside the image, and so does its gradient', async () => {
    expect(await tf.setBackend(backend)).toBe(true)
    const mean = (x: tf.Tensor): tf.Tensor => tf.avgPool(x as Images, 3, 2, 1)
    const x = tf.ones([1, 4, 4, 1])
    expect([...(await mean(x).data())]).toEqual([1, 1, 1, 1])
    // The first window reads four places, those beside it six, the last nine.
    const [gradient] = tf.grads(mean)([x])
    const inFirst = 1 / 4
    const inBoth = inFirst + 1 / 6
    const found = [...(await gradient!.data())]
    expect([found[0], found[1]].map(value => value!.toFixed(4))).toEqual([inFirst.toFixed(4), inBoth.toFixed(4)])
    expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(4, 4)
  })

  test('images in the order of other libraries are refused, with what to do', async () => {
    expect(await tf.setBackend(backend)).toBe(true)
    expect(() => tf.conv2d(images(0, [1, 3, 8, 8]), images(1, [3, 3, 3, 4]), 1, 1, 'NCHW')).toThrow('Transpose them.')
  })
})
