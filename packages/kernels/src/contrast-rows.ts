import { own, type FusedKernel } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expectShapes } from './shape-rules.ts'
import { leaveOut, softmaxRows } from './softmax-rows.ts'
import { transposedTimes } from './transposed-times.ts'

type Inputs = { readonly rows: tf.Tensor2D; readonly attracted: tf.Tensor1D; readonly weights: tf.Tensor1D }
type Attributes = {
  readonly temperature: number
  /** How many rows are compared at a time with all others, where it is composed. */
  readonly chunk: number
}
type Results = readonly [costs: tf.Tensor1D, slope: tf.Tensor]

/**
 * What rows cost among all others, `log Σ exp(zᵢ · zⱼ / t) − aᵢ`, the sum over all `j` other than `i`, `[asking]`; and
 * the slope for `z` of `Σ cᵢ · costᵢ`: of rows `z [n, dim]`, two or more, of which the first ask and have weights `c`
 * and attractions `a`.
 */
export const contrastRows: FusedKernel<Inputs, Attributes, Results> = {
  name: 'ContrastRows',
  shapes(inputs) {
    const [n, dim] = inputs.rows
    const [asking] = inputs.weights
    if (inputs.rows.length !== 2 || n! < 2)
      throw new Error(`contrastRows: expected two rows or more, [n, dim], got [${inputs.rows.join(', ')}].`)
    if (inputs.weights.length !== 1 || asking! < 1 || asking! > n!)
      throw new Error(`contrastRows: expected weights of 1 to ${n} rows, got [${inputs.weights.join(', ')}].`)
    expectShapes('contrastRows', inputs, { attracted: [asking!] })
    return [[asking!], [n!, dim!]]
  },
  multiplyAdds: ({ rows: [n, dim] }) => 2 * n! * n! * dim!,
  composed: ({ rows, attracted, weights }, { temperature, chunk }) =>
    inTiles(rows, attracted, weights, temperature, chunk)
}

/** Similarities of the rows from `start` on, without those of a row with itself. */
function withoutItself(similarity: tf.Tensor2D, start: number): tf.Tensor2D {
  const [count, n] = similarity.shape
  const [row, column] = [tf.range(start, start + count, 1, 'int32'), tf.range(0, n, 1, 'int32')]
  return leaveOut(similarity, tf.equal(tf.reshape(row, [count, 1]), column))
}

/** The costs, and the slope of their weighted sum for the rows `z`. */
function inTiles(
  z: tf.Tensor2D,
  attracted: tf.Tensor1D,
  weights: tf.Tensor1D,
  temperature: number,
  chunk: number
): [costs: tf.Tensor1D, slope: tf.Tensor] {
  const [n, dim] = z.shape
  const asking = weights.shape[0]
  const answers = tf.transpose(z)
  const asked: tf.Tensor2D[] = []
  const costs: tf.Tensor1D[] = []
  let answered: tf.Tensor2D = tf.zeros([n, dim])
  for (let start = 0; start < asking; start += chunk) {
    const count = Math.min(chunk, asking - start)
    const tile = own(() => {
      const anchors = tf.slice2d(z, [start, 0], [count, dim])
      const similarity: tf.Tensor2D = tf.matMul(tf.div(anchors, temperature), answers) // [count, n]
      const { probability, logTotal } = softmaxRows(withoutItself(similarity, start))
      const [attraction, weight] = [attracted, weights].map(numbers =>
        tf.reshape(tf.slice1d(numbers, start, count), [count, 1])
      ) as [tf.Tensor2D, tf.Tensor2D]
      return {
        costs: tf.reshape(tf.sub(logTotal, attraction), [count]) as tf.Tensor1D,
        // Every similarity stands in two rows: once the row is the anchor, once the candidate.
        asked: tf.mul(weight, tf.matMul(probability, z)) as tf.Tensor2D, // [count, dim]
        answered: tf.add(answered, transposedTimes(probability, tf.mul(weight, anchors))) as tf.Tensor2D // [n, dim]
      }
    })
    costs.push(tile.costs)
    asked.push(tile.asked)
    answered.dispose()
    answered = tile.answered
  }
  const repelled = tf.add(
    tf.pad(tf.concat2d(asked, 0), [
      [0, n - asking],
      [0, 0]
    ]),
    answered
  )
  return [tf.concat1d(costs), tf.div(repelled, temperature)]
}
