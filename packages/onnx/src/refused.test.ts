import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { toOnnx } from './index.ts'
import { encodeModel } from './model-file.ts'
import type { Network } from './testing/agrees.ts'

const weights = (...shape: number[]): tf.Tensor4D => seeded(5).normal(shape) as tf.Tensor4D
const sum = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.engine().runKernel('Add', { a, b })

test.each<[unknown, string]>([
  [[28, 28, 3], 'toOnnx: expected options, as in { inputShape: … }, got [28,28,3].'],
  [{ shape: [4] }, 'toOnnx: expected options among inputShape, name, input, output, metadata, got shape.'],
  [{ inputShape: 4 }, 'toOnnx: expected inputShape to be a list, got 4.'],
  [
    { inputShape: [null, 4] },
    'toOnnx: expected the shape of one example, as in [height, width, channels], got [null,4].'
  ],
  [{}, 'toOnnx: expected the shape of one example, as in [height, width, channels], got undefined.']
])('options %j are refused before the function runs', (options, message) => {
  const run = (): never => expect.fail('it ran')
  expect(() => toOnnx(run, options as never)).toThrow(message)
})

describe('is refused and said clearly', () => {
  test.each<[string, Network, string]>([
    [
      'an operation that is not known',
      x => tf.cumsum(x, 1),
      'toOnnx: expected operations that are known here, got the kernel Cumsum. Write it with others'
    ],
    [
      'a result that depends on nothing',
      () => tf.scalar(0.5),
      'toOnnx: expected a result that depends on the input, got a constant.'
    ],
    [
      'a result that is no tensor',
      () => [1] as unknown as tf.Tensor,
      'toOnnx: expected a function that gives one tensor, got another result.'
    ],
    [
      'whole numbers',
      x => tf.argMax(x, 3),
      "toOnnx: expected a result in float32, got int32 from ArgMax. Cast it: tf.cast(result, 'float32')."
    ],
    [
      'truths',
      x => tf.greater(x, 0),
      "toOnnx: expected a result in float32, got bool from Greater. Cast it: tf.cast(result, 'float32')."
    ],
    [
      'whole numbers where there are none in ONNX',
      x => tf.log1p(tf.cast(x, 'int32')),
      'toOnnx: expected float32 in Log1p, got int32. Cast it before'
    ],
    [
      'the largest of whole numbers in a window',
      x => tf.maxPool(tf.cast(x, 'int32') as tf.Tensor4D, 2, 2, 'same'),
      'toOnnx: expected float32 in MaxPool, got int32.'
    ],
    [
      'a sum of truths',
      x => sum(tf.greater(x, 0), tf.greater(x, 1)),
      'toOnnx: expected float32 or int32 in Add, got bool.'
    ],
    [
      'the largest of truths',
      x => tf.cast(tf.max(tf.greater(x, 0), 1), 'float32'),
      'toOnnx: expected float32 or int32 in Max, got bool.'
    ],
    [
      'complex numbers',
      x => tf.real(tf.mul(tf.complex(x, x), tf.complex(x, x))),
      'toOnnx: expected operations that are known here, got the kernel Complex.'
    ],
    [
      'a leaky ReLU that is fused without its slope',
      x =>
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter: weights(1, 1, 1, 2),
          strides: 1,
          pad: 0,
          activation: 'leakyrelu'
        }),
      'toOnnx: expected a slope for the leaky ReLU in FusedConv2D, got none. Give it leakyreluAlpha: 0.2.'
    ],
    [
      'windows that see nothing',
      x => tf.avgPool(x as tf.Tensor4D, 2, 1, 2),
      'toOnnx: expected every window of AvgPool to see a pixel, got windows of 2 × 2 with a padding of 2.'
    ],
    [
      'a filter from the input',
      x => tf.conv2d(x as tf.Tensor4D, tf.reshape(tf.mean(x, 0), [2, 2, 1, 1]), 1, 'same'),
      'toOnnx: expected a filter of Conv2D that is a weight'
    ],
    [
      'statistics for each pixel',
      x => tf.batchNorm(x as tf.Tensor4D, weights(1, 2, 2, 1), tf.ones([1, 2, 2, 1]) as tf.Tensor4D),
      'toOnnx: expected the mean of FusedBatchNorm to be a number for each of 1 channels, got [1, 2, 2, 1].'
    ],
    [
      'other places of each image',
      x => tf.gather(tf.reshape(x, [-1, 4]), tf.reshape(tf.argMax(tf.reshape(x, [-1, 4]), 1), [-1, 1]), 1, 1),
      'got batchDims of 1'
    ],
    [
      'no numbers',
      x => tf.concat([x, tf.slice(x, [0, 0, 0, 0], [-1, 0, -1, -1])], 1),
      'toOnnx: expected numbers from Slice, got a tensor without any, of shape [2, 0, 2, 1].'
    ],
    [
      'something for each image',
      x => tf.add(x, tf.reshape(tf.range(0, x.shape[0]!), [-1, 1, 1, 1])),
      'got a constant in Add that is not the same for two images and for three'
    ],
    [
      'what was read of the images',
      x => tf.div(x, tf.max(x).dataSync()[0]!),
      'got a constant in RealDiv that is not the same for two images and for three'
    ],
    [
      'a loop over images',
      x => tf.addN(tf.split(x, x.shape[0]!)),
      'got 2 results of SplitV for two images and 3 for three'
    ],
    [
      'images that are counted',
      x => tf.div(tf.sum(x, 0), x.shape[0]!),
      'got a constant in RealDiv that is not the same'
    ],
    [
      'all images but one',
      x => tf.slice(x, [0, 0, 0, 0], [x.shape[0]! - 1, 2, 2, 1]),
      'expected Slice to leave the images of a batch apart'
    ],
    [
      'the last image',
      x => tf.slice(x, [x.shape[0]! - 1, 0, 0, 0], [1, 2, 2, 1]),
      'expected Slice to leave the images of a batch apart'
    ],
    [
      'all images but one, by strides',
      x => tf.stridedSlice(x, [0], [-1], [1]),
      'expected StridedSlice to leave the images of a batch apart'
    ],
    [
      'images repeated by how many there are',
      x => tf.tile(x, [2 * x.shape[0]!, 1, 1, 1]),
      'expected Tile to leave the images of a batch apart'
    ],
    [
      'images that lie beneath each other',
      x => tf.conv2d(tf.reshape(x, [1, -1, 2, 1]) as tf.Tensor4D, weights(1, 1, 1, 1), 1, 'same'),
      'expected Conv2D to leave the images of a batch apart'
    ],
    [
      'images in a mirror',
      x =>
        tf.mirrorPad(
          x,
          [
            [1, 0],
            [0, 0],
            [0, 0],
            [0, 0]
          ],
          'symmetric'
        ),
      'expected MirrorPad to leave the images of a batch apart'
    ],
    [
      'images that are compared',
      x => {
        const rows = tf.reshape(x, [-1, 4])
        return tf.expandDims(tf.matMul(rows, rows, false, true))
      },
      'expected ExpandDims to leave the images of a batch apart'
    ]
  ])('%s', (_, f, message) => expect(() => toOnnx(f, { inputShape: [2, 2, 1] })).toThrow(message))

  test('two things of one name', () => {
    expect(() => toOnnx(x => tf.relu(x), { inputShape: [2], input: 'x', output: 'x' })).toThrow(
      'toOnnx: expected two names for input and output, got "x" and "x".'
    )
  })

  test('more weights than a file holds', () => {
    const values = new Float32Array(3e8)
    const port = { name: 'x', shape: [1] }
    expect(() =>
      encodeModel({
        name: 'm',
        nodes: [],
        initializers: [
          { name: 'a', shape: [3e8], values },
          { name: 'b', shape: [3e8], values }
        ],
        input: port,
        output: port,
        metadata: {}
      })
    ).toThrow('toOnnx: expected weights of at most 2.1 GB, which is what an ONNX file holds, got 2.4 GB.')
  })
})
