import type { Views } from '@lapstrake/core'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { contrastiveZeroOne, zeroOneLoss } from './index.ts'

await describeOnBackends(['cpu', 'wasm'], () => {
  test('margins that are no numbers are errors, as ties are', async () => {
    const margins = tf.tensor2d([
      [1, 2],
      [NaN, 1],
      [0, -1]
    ])
    expect([...(await zeroOneLoss(margins, { reduction: 'none' }).data())]).toEqual([0, 0.5, 1])
  })

  test.each([false, true])(
    'the risk of embeddings that are no numbers is 1, normalised or not: %s',
    async normalise => {
      const rows = tf.fill<tf.Rank.R2>([4, 3], NaN)
      const views: Views<tf.Tensor2D> = [rows, rows]
      expect([...(await contrastiveZeroOne({ normalise })(views, { views }).data())]).toEqual([1])
    }
  )
})
