import { withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Convolution of each group of channels by itself, without stride or bias, padded so that maps keep their size
 * (Xie et al. 2017, figure 3c, https://arxiv.org/abs/1611.05431). Kernels are
 * `[size, size, channels / groups, filters]`, of an odd size, filters in the order of their groups: the layout of
 * PyTorch but for the order of the axes.
 *
 * TensorFlow.js has none: `conv2d` refuses groups. Here it is one batched product for each place of the kernel, over
 * maps shifted by that place: as many multiply-adds as a grouped convolution has, in `size²` calls however many groups
 * there are – a convolution for each group would be 128 calls of 8 channels – and with two maps in between where im2col
 * makes nine. Both gradients are of the same kind. Only the input and the kernel are kept.
 */
export const convolveInGroups = (x: tf.Tensor4D, kernel: tf.Tensor4D, groups: number): tf.Tensor4D =>
  withGradient([x, kernel], (x, kernel) => ({
    value: convolved(x, kernel, groups),
    saved: [x, kernel],
    gradient: (dy, [x, kernel]) => [
      convolved(dy, turned(kernel as tf.Tensor4D, groups), groups),
      kernelGradient(x as tf.Tensor4D, dy, kernel!.shape[0]!, groups)
    ]
  }))

const convolved = (x: tf.Tensor4D, kernel: tf.Tensor4D, groups: number): tf.Tensor4D =>
  tf.tidy(() => {
    const [size, , , filters] = kernel.shape
    const [batch, height, width] = x.shape
    const places = placesOf(kernel, groups)
    let sum: tf.Tensor3D | undefined
    for (const [place, rows] of shifted(x, size, groups)) {
      const before = sum
      sum = tf.tidy(() => {
        const product = tf.matMul(rows(), places[place]!) as tf.Tensor3D
        return before === undefined ? product : tf.add(before, product)
      })
      before?.dispose()
    }
    return tf.reshape(tf.transpose(sum!, [1, 0, 2]), [batch, height, width, filters])
  })

const kernelGradient = (x: tf.Tensor4D, dy: tf.Tensor4D, size: number, groups: number): tf.Tensor4D =>
  tf.tidy(() => {
    const [channels, filters] = [x.shape[3], dy.shape[3]]
    const slopes = byGroup(dy, groups)
    // Each [groups, channels / groups, filters / groups].
    const places = shifted(x, size, groups).map(([, rows]) => tf.tidy(() => tf.matMul(rows(), slopes, true)))
    return tf.reshape(tf.transpose(tf.stack(places), [0, 2, 1, 3]), [size, size, channels / groups, filters])
  })

/** The kernel that takes a slope back to the input: turned by 180°, filters and channels of each group exchanged. */
function turned(kernel: tf.Tensor4D, groups: number): tf.Tensor4D {
  const [size, , channels, filters] = kernel.shape
  const backward = tf.reverse(tf.reshape(kernel, [size * size, channels, groups, filters / groups]), 0)
  return tf.reshape(tf.transpose(backward, [0, 3, 2, 1]), [size, size, filters / groups, channels * groups])
}

/** A matrix for each group, `[groups, channels / groups, filters / groups]`, at each place of the kernel. */
function placesOf(kernel: tf.Tensor4D, groups: number): tf.Tensor3D[] {
  const [size, , channels, filters] = kernel.shape
  return tf.unstack(
    tf.transpose(tf.reshape(kernel, [size * size, channels, groups, filters / groups]), [0, 2, 1, 3])
  ) as tf.Tensor3D[]
}

/** What each place of the kernel sees, `[groups, pixels, channels / groups]`, made when asked for. */
function shifted(x: tf.Tensor4D, size: number, groups: number): (readonly [place: number, rows: () => tf.Tensor3D])[] {
  if (size === 1) return [[0, () => byGroup(x, groups)]]
  const [batch, height, width, channels] = x.shape
  const edge = (size - 1) / 2
  const padded = tf.reshape(
    byGroup(
      tf.pad(x, [
        [0, 0],
        [edge, edge],
        [edge, edge],
        [0, 0]
      ]),
      groups
    ),
    [groups * batch, height + 2 * edge, width + 2 * edge, channels / groups]
  ) as tf.Tensor4D
  return Array.from(
    { length: size * size },
    (_, place) =>
      [
        place,
        () =>
          tf.reshape(
            tf.slice(
              padded,
              [0, Math.floor(place / size), place % size, 0],
              [groups * batch, height, width, channels / groups]
            ),
            [groups, batch * height * width, channels / groups]
          ) as tf.Tensor3D
      ] as const
  )
}

/** Pixels by group, `[groups, pixels, channels / groups]`. */
const byGroup = (x: tf.Tensor4D, groups: number): tf.Tensor3D => {
  const channels = x.shape[3]
  return tf.transpose(tf.reshape(x, [x.size / channels, groups, channels / groups]), [1, 0, 2])
}
