import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { seeded, vjp } from './index.ts'

const dist = dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-core/dist/index.js')))

test('every operation that TensorFlow.js has a gradient for has it', () => {
  const sources = readdirSync(join(dist, 'gradients')).filter(name => /_grad\.js$/.test(name))
  const kernels = sources.flatMap(name => {
    const source = readFileSync(join(dist, 'gradients', name), 'utf8')
    return [...source.matchAll(/^ {4}kernelName: (\w+)/gm)].map(([, kernel]) => kernel!)
  })
  expect(kernels.length).toBeGreaterThan(95)
  const names = tf as unknown as Readonly<Record<string, string>>
  expect(kernels.filter(kernel => tf.getGradient(names[kernel]!) === undefined)).toEqual([])
})

const draw = (...shape: readonly number[]): tf.Tensor => seeded(shape.length).normal(shape)
const image = draw(2, 5, 5, 2) as tf.Tensor4D
const block = draw(1, 4, 4, 4, 2) as tf.Tensor5D

const vjpOf = (cost: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor): tf.Tensor =>
  vjp(() => ({ outputs: [cost(x)], aux: null }), [x]).pull([tf.scalar(1)], [x])[0]!

// The operations that are copied with the gradients, for TensorFlow.js does not export them.
test.each<[string, tf.Tensor, (x: tf.Tensor) => tf.Tensor]>([
  ['conv2d', image, x => tf.conv2d(x as tf.Tensor4D, draw(3, 3, 2, 2) as tf.Tensor4D, 1, 'same')],
  ['conv2d, in its filter', draw(3, 3, 2, 2), w => tf.conv2d(image, w as tf.Tensor4D, 1, 'same')],
  [
    'conv2dTranspose',
    image,
    x => tf.conv2dTranspose(x as tf.Tensor4D, draw(3, 3, 2, 2) as tf.Tensor4D, [2, 11, 11, 2], 2, 'valid')
  ],
  ['conv3d', block, x => tf.conv3d(x as tf.Tensor5D, draw(2, 2, 2, 2, 1) as tf.Tensor5D, 1, 'valid')],
  ['conv3d, in its filter', draw(2, 2, 2, 2, 1), w => tf.conv3d(block, w as tf.Tensor5D, 1, 'valid')],
  ['depthwiseConv2d', image, x => tf.depthwiseConv2d(x as tf.Tensor4D, draw(3, 3, 2, 1) as tf.Tensor4D, 1, 'same')],
  ['depthwiseConv2d, in its filter', draw(3, 3, 2, 1), w => tf.depthwiseConv2d(image, w as tf.Tensor4D, 1, 'same')],
  ['avgPool', image, x => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid')],
  ['avgPool3d', block, x => tf.avgPool3d(x as tf.Tensor5D, 2, 2, 'valid')],
  ['maxPool', image, x => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid')],
  ['maxPool3d', block, x => tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'valid')],
  ['localResponseNormalization', image, x => tf.localResponseNormalization(x as tf.Tensor4D, 2, 1, 0.3, 0.5)],
  ['min', image, x => tf.min(x, 3)]
])('the gradient of %s agrees with finite differences', (_, x, f) => {
  const cost = (x: tf.Tensor): tf.Scalar => tf.sum(tf.square(f(x)))
  const direction = seeded(9).normal(x.shape)
  const along = tf.sum(tf.mul(vjpOf(cost, x), direction)).dataSync()[0]!
  const at = (distance: number): number => cost(tf.add(x, tf.mul(direction, distance))).dataSync()[0]!
  const measured = (at(1e-3) - at(-1e-3)) / 2e-3
  expect(Math.abs(along - measured) / Math.abs(measured)).toBeLessThan(0.01)
})
