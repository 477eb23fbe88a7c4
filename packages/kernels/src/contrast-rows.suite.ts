import * as tf from '@tensorflow/tfjs-core'
import { contrastRows } from './contrast-rows.ts'
import type { KernelSuite } from './kernel-suite.ts'

export const contrastRowsSuite: KernelSuite<typeof contrastRows> = {
  kernel: contrastRows,
  examples: random =>
    (
      [
        [2, 3, 2, 0.5],
        [3, 1, 3, 0.1],
        [64, 8, 64, 0.5],
        [65, 7, 1, 0.1],
        [130, 33, 100, 0.07],
        [300, 16, 300, 0.5]
      ] as const
    ).map(([n, dim, asking, temperature]) => {
      const rows = random.split('rows').normal([n, dim])
      return {
        inputs: {
          rows: tf.div(rows, tf.norm(rows, 2, 1, true)) as tf.Tensor2D,
          attracted: random.split('attracted').normal([asking]) as tf.Tensor1D,
          weights: random.split('weights').uniform([asking], 0.5, 1.5) as tf.Tensor1D
        },
        attributes: { temperature, chunk: 48 }
      }
    }),
  gradientOf: ({ rows, attracted, weights }, { temperature }) => ({
    forward: z => {
      const itself = tf.cast(tf.eye(z.shape[0]!), 'bool')
      const others = tf.where(itself, -Infinity, tf.div(tf.matMul(z, z, false, true), temperature))
      const logTotals = tf.slice(tf.logSumExp(others, 1), 0, weights.size)
      return tf.sum(tf.mul(weights, tf.sub(logTotals, attracted)))
    },
    at: [rows],
    arriving: tf.scalar(1)
  })
}
