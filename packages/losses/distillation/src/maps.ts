import * as tf from '@tensorflow/tfjs-core'
import { checkBatch } from './comparing.ts'

/**
 * Two maps `[batch, height, width, channels]` of one size: the larger is average-pooled to the smaller, with windows
 * that cover it evenly, as adaptive pooling does.
 *
 * @throws Error unless both are maps of the same examples
 */
export function sameSize(
  who: string,
  student: tf.Tensor,
  teacher: tf.Tensor
): [student: tf.Tensor4D, teacher: tf.Tensor4D] {
  checkBatch(who, student, teacher)
  if (student.rank !== 4 || teacher.rank !== 4) {
    throw new Error(
      `${who}: expected maps [batch, height, width, channels], got [${student.shape.join(', ')}] and ` +
        `[${teacher.shape.join(', ')}]. ` +
        'Use a head that keeps maps, such as unpooled(), and a teacher read at a stage.'
    )
  }
  const [a, b] = [student, teacher] as [tf.Tensor4D, tf.Tensor4D]
  return [pooled(a, b.shape[1], b.shape[2]), pooled(b, a.shape[1], a.shape[2])]
}

/** Maps as `[batch, places, channels]`. */
export const places = (maps: tf.Tensor4D): tf.Tensor3D => tf.reshape(maps, [maps.shape[0], -1, maps.shape[3]])

/** Maps pooled to no more than `height × width`. */
export function pooled(maps: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [batch, h, w, channels] = maps.shape
  const [newH, newW] = [Math.min(h, height), Math.min(w, width)]
  if (newH === h && newW === w) return maps
  const [rows, columns] = [windows(h, newH), windows(w, newW)]
  // [newH · newW, h · w]
  const weights = rows.flatMap(row => columns.map(column => row.flatMap(r => column.map(c => r * c))))
  const byPlace = tf.reshape(tf.transpose(places(maps), [1, 0, 2]), [h * w, batch * channels])
  const means = tf.reshape(tf.matMul(tf.tensor2d(weights), byPlace), [newH * newW, batch, channels])
  return tf.reshape(tf.transpose(means, [1, 0, 2]), [batch, newH, newW, channels])
}

/** How much each of `from` places counts in each of `to` windows. */
const windows = (from: number, to: number): number[][] =>
  Array.from({ length: to }, (_, i) => {
    const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)]
    return Array.from({ length: from }, (_, j) => (start <= j && j < end ? 1 / (end - start) : 0))
  })
