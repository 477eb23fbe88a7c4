import * as tf from '@tensorflow/tfjs-core'

/** Rows of length one in the directions of these; a row of zeros stays one. */
export function unitRows(values: Float32Array, dim: number): tf.Tensor2D {
  const rows = tf.tensor2d(withinReach(values, dim), [values.length / dim, dim])
  const length = tf.sqrt(tf.sum(tf.square(rows), 1, true))
  return tf.div(rows, tf.maximum(length, 1e-12)) as tf.Tensor2D
}

/** The same directions: rows whose squares float32 cannot hold, times a power of two. */
function withinReach(values: Float32Array, dim: number): Float32Array {
  let scaled: Float32Array | undefined
  for (let start = 0; start < values.length; start += dim) {
    let largest = 0
    for (let i = start; i < start + dim; i++) largest = Math.max(largest, Math.abs(values[i]!))
    if (largest === 0 || (largest > 2 ** -40 && largest < 2 ** 56)) continue
    const factor = 2 ** -Math.floor(Math.log2(largest))
    scaled ??= Float32Array.from(values)
    for (let i = start; i < start + dim; i++) scaled[i]! *= factor
  }
  return scaled ?? values
}
