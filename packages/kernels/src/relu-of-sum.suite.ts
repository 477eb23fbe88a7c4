import type { KernelSuite } from './kernel-suite.ts'
import { reluOfSum } from './relu-of-sum.ts'

export const reluOfSumSuite: KernelSuite<typeof reluOfSum> = {
  kernel: reluOfSum,
  examples: random =>
    [[1], [5, 7], [1, 3, 3, 1], [9, 21, 19, 37]].map(shape => ({
      inputs: { a: random.split('a').normal(shape), b: random.split('b').normal(shape) },
      attributes: {}
    }))
}
