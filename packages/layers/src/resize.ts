import { withGradient } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Bilinear interpolation to another height and width, pixels as squares: PyTorch's `interpolate` with
 * `align_corners=False`.
 *
 * It is linear along each axis, so it is a product with a matrix along each; the gradient is one with their transposes,
 * and nothing is kept. The gradient that TensorFlow.js has for `resizeBilinear` does not know pixels as squares.
 */
export const resize = (x: tf.Tensor4D, height: number, width: number): tf.Tensor4D =>
  withGradient([x], x => {
    const [, fromHeight, fromWidth] = x.shape
    return {
      value: along(x, interpolation(fromHeight, height), interpolation(fromWidth, width)),
      saved: [],
      gradient: dy => [
        along(dy, transposed(interpolation(fromHeight, height)), transposed(interpolation(fromWidth, width)))
      ]
    }
  })

type Matrix = readonly (readonly number[])[]

/** Row `i` says how much of each place goes into place `i`. */
const interpolation = (from: number, to: number): Matrix =>
  Array.from({ length: to }, (_, i) => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
    return Array.from({ length: from }, (_, j) => Math.max(0, 1 - Math.abs(centre - j)))
  })

const transposed = (matrix: Matrix): Matrix => matrix[0]!.map((_, j) => matrix.map(row => row[j]!))

const along = (x: tf.Tensor4D, rows: Matrix, columns: Matrix): tf.Tensor4D =>
  tf.tidy(() => {
    const [batch, height, width, channels] = x.shape
    // [batch, rows, width · channels]
    const tall = tf.matMul(tensorOf(rows), tf.reshape(x, [batch, height, width * channels]))
    const wide = tf.matMul(tensorOf(columns), tf.reshape(tall, [batch * rows.length, width, channels]))
    return tf.reshape(wide, [batch, rows.length, columns.length, channels])
  })

/** Broadcast over the batch. */
const tensorOf = (matrix: Matrix): tf.Tensor3D => tf.tensor3d([matrix.map(row => [...row])])
