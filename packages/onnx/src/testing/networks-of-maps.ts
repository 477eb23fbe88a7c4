import * as tf from '@tensorflow/tfjs-core'
import { maps, rows, weights, type Networks } from './pieces.ts'

const sizes: readonly [number, number][] = [
  [9, 4],
  [5, 6],
  [10, 12],
  [3, 3],
  [1, 11],
  [7, 1]
]
const grids = [
  { how: '', corners: false, middles: false },
  { how: ' by corners', corners: true, middles: false },
  { how: ' by the middle of pixels', corners: false, middles: true }
]

/** Convolutions, pooling, normalisation and resizing. */
export const networksOfMaps: Networks = {
  convolutions: {
    'a stride': maps(x => tf.conv2d(x, weights(3, 3, 4, 5), 2, 'same')),
    'a dilation': maps(x => tf.conv2d(x, weights(3, 3, 4, 5), 1, 'same', 'NHWC', 2)),
    'a padding given': maps(x =>
      tf.conv2d(
        x,
        weights(3, 2, 4, 5),
        [2, 1],
        [
          [0, 0],
          [2, 1],
          [0, 1],
          [0, 0]
        ]
      )
    ),
    'rounding up': maps(x => tf.conv2d(x, weights(2, 3, 4, 5), [2, 3], 0, 'NHWC', 1, 'ceil')),
    'rounding up with a padding': maps(x => tf.conv2d(x, weights(2, 3, 4, 5), [3, 4], 1, 'NHWC', 1, 'ceil')),
    'rounding to the nearest': maps(x => tf.conv2d(x, weights(2, 3, 4, 5), [3, 4], 1, 'NHWC', 1, 'round')),
    'rounding down': maps(x => tf.conv2d(x, weights(2, 3, 4, 5), [3, 4], 1, 'NHWC', 1, 'floor')),
    'channels first': maps(x => tf.conv2d(tf.transpose(x, [0, 3, 1, 2]), weights(3, 3, 4, 5), 2, 'same', 'NCHW')),
    'channels first with a padding given': maps(x =>
      tf.conv2d(
        tf.transpose(x, [0, 3, 1, 2]),
        weights(3, 3, 4, 5),
        1,
        [
          [0, 0],
          [0, 0],
          [2, 1],
          [0, 1]
        ],
        'NCHW'
      )
    ),
    'channels first, fused': maps(x =>
      tf.fused.conv2d({
        x: tf.transpose(x, [0, 3, 1, 2]),
        filter: weights(3, 3, 4, 5),
        strides: 1,
        pad: 'valid',
        dataFormat: 'NCHW',
        bias: tf.tensor1d([1, 2, 3, 4, 5]),
        activation: 'relu'
      })
    ),
    'of one axis': x => tf.conv1d(rows(x), tf.reshape(weights(3, 4, 5, 1), [3, 4, 5]), 1, 'same'),
    'a bias of a number': maps(x =>
      tf.fused.conv2d({ x, filter: weights(3, 3, 4, 5), strides: 1, pad: 'same', bias: tf.scalar(0.5) })
    ),
    'a bias for each pixel': maps(x =>
      tf.fused.conv2d({ x, filter: weights(1, 1, 4, 5), strides: 1, pad: 'same', bias: weights(5, 6, 5) })
    ),
    ...Object.fromEntries(
      (['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const).map(activation => [
        `fused, ${activation}`,
        maps(x =>
          tf.fused.conv2d({ x, filter: weights(3, 3, 4, 5), strides: 2, pad: 'same', bias: tf.ones([5]), activation })
        )
      ])
    ),
    'fused, leaky ReLU': maps(x =>
      tf.fused.conv2d({
        x,
        filter: weights(3, 3, 4, 5),
        strides: 1,
        pad: 'same',
        activation: 'leakyrelu',
        leakyreluAlpha: 0.3
      })
    ),
    'fused, PReLU': maps(x =>
      tf.fused.conv2d({
        x,
        filter: weights(3, 3, 4, 5),
        strides: 1,
        pad: 'same',
        bias: tf.ones([5]),
        activation: 'prelu',
        preluActivationWeights: tf.tensor1d([0.1, 0.2, 0.3, 0.4, 0.5])
      })
    ),
    depthwise: maps(x => tf.depthwiseConv2d(x, weights(3, 3, 4, 2), 2, 'same')),
    'depthwise, a dilation': maps(x => tf.depthwiseConv2d(x, weights(3, 3, 4, 2), 1, 'same', 'NHWC', 2)),
    'depthwise, rounding up': maps(x => tf.depthwiseConv2d(x, weights(2, 3, 4, 2), [2, 3], 0, 'NHWC', 1, 'ceil')),
    'depthwise, of a pixel': maps(x => tf.depthwiseConv2d(x, weights(1, 1, 4, 1), 1, 'same')),
    'depthwise, of a pixel with a padding': maps(x => tf.depthwiseConv2d(x, weights(1, 1, 4, 1), 1, 1)),
    'depthwise, fused': maps(x =>
      tf.fused.depthwiseConv2d({
        x,
        filter: weights(3, 3, 4, 1),
        strides: 1,
        pad: 'same',
        bias: tf.ones([4]),
        activation: 'relu6'
      })
    ),
    'depthwise, of a pixel, fused': maps(x =>
      tf.fused.depthwiseConv2d({
        x,
        filter: weights(1, 1, 4, 1),
        strides: 1,
        pad: 'same',
        bias: tf.ones([4]),
        activation: 'leakyrelu',
        leakyreluAlpha: 0.5
      })
    ),
    separable: maps(x => tf.separableConv2d(x, weights(3, 3, 4, 2), weights(1, 1, 8, 3), 1, 'same'))
  },
  pooling: {
    'the largest, at the edges': maps(x => tf.maxPool(x, 3, 2, 'same')),
    'the mean, at the edges': maps(x => tf.avgPool(x, 3, 2, 'same')),
    'the largest, padded': maps(x => tf.maxPool(x, 3, 2, 1)),
    'the mean, padded': maps(x => tf.avgPool(x, [3, 2], 2, 1)),
    'the largest, rounding up': maps(x => tf.maxPool(x, 2, 2, 0, 'ceil')),
    'the mean, rounding up': maps(x => tf.avgPool(x, 3, 2, 0, 'ceil')),
    'the mean, rounding up with a padding': maps(x => tf.avgPool(x, 3, 2, 1, 'ceil')),
    'the largest, rounding to the nearest': maps(x => tf.maxPool(x, 3, 2, 0, 'round')),
    'of a pixel': maps(x => tf.avgPool(x, 1, 1, 'same')),
    'of a pixel, every second': maps(x => tf.maxPool(x, 1, 2, 'same')),
    'of all pixels': maps(x => tf.avgPool(x, [5, 6], 1, 'valid'))
  },
  normalisation: {
    'of a batch': x =>
      tf.batchNorm(x, tf.tensor1d([1, 2, 3, 4]), tf.fill([4], 2), tf.tensor1d([0, 1, 2, 3]), tf.fill([4], 3)),
    'of a batch without scale and offset': x => tf.batchNorm(x, tf.tensor1d([1, 2, 3, 4]), tf.fill([4], 2)),
    'of a batch of rows': x =>
      tf.batchNorm(tf.reshape(x, [-1, 4]), tf.tensor1d([1, 2, 3, 4]), tf.fill([4], 2), undefined, undefined, 0.1),
    'of a batch by its own statistics': maps(x => {
      const { mean, variance } = tf.moments(x, [0, 1, 2])
      return tf.batchNorm(x as tf.Tensor, mean, variance)
    }),
    'of neighbouring channels': maps(x => tf.localResponseNormalization(x, 1, 2, 0.7, 0.6)),
    'of rows': x => {
      const { mean, variance } = tf.moments(rows(x), 2, true)
      return tf.mul(tf.sub(rows(x), mean), tf.rsqrt(tf.add(variance, 1e-5)))
    }
  },
  resizing: Object.fromEntries(
    sizes.flatMap(size =>
      grids.flatMap(({ how, corners, middles }) => [
        [`to ${size.join(' × ')}${how}, linear`, maps(x => tf.image.resizeBilinear(x, size, corners, middles))],
        [`to ${size.join(' × ')}${how}, nearest`, maps(x => tf.image.resizeNearestNeighbor(x, size, corners, middles))]
      ])
    )
  ),
  'resizing where a runtime rounds to another pixel': {
    fewer: x => tf.image.resizeNearestNeighbor(tf.reshape(x, [-1, 20, 6, 1]) as tf.Tensor4D, [12, 5]),
    'by the middle of pixels': x =>
      tf.image.resizeNearestNeighbor(tf.reshape(x, [-1, 40, 3, 1]) as tf.Tensor4D, [6, 3], false, true)
  }
}
