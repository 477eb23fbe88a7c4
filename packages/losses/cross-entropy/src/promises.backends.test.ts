import type { Reduction } from '@lapstrake/core'
import { describeLoss, type ReducedLoss } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { expect } from 'vitest'
import { crossEntropy } from './index.ts'

await describeOnBackends(['cpu', 'wasm'], () => {
  const reducing = (reduction: Reduction): ReducedLoss => crossEntropy({ reduction })
  describeLoss('crossEntropy', crossEntropy(), { dim: 3, classes: 3, reducing })
  describeLoss('crossEntropy of unlabelled examples too', crossEntropy(), {
    dim: 3,
    classes: 5,
    reducing,
    // Labels 3 and 4 are no classes: of six examples, four have one.
    meanOf: rows => {
      expect([3, 4, 9, 10].map(row => rows[row])).toEqual([0, 0, 0, 0])
      return rows.reduce((sum, row) => sum + row, 0) / (2 * 4)
    }
  })
})
