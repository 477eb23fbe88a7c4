import type { Views } from '@lapstrake/core'
import { expectAsInDoubles, type Rows } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import type * as tf from '@tensorflow/tfjs-core'
import { test } from 'vitest'
import { cacr } from './index.ts'

const rows = (at: number, seed: number): Rows =>
  [0, 1, 2, 3].map(i => [0, 1, 2].map(d => Math.fround(at + Math.sin(seed + 3 * i + 7 * d) / 10)))
const squared = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, d) => sum + (x - b[d]!) ** 2, 0)
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Two views, so that the one positive weighs one. */
function cacrOf([first, second]: readonly Rows[]): number {
  const each = first!.map((row, i) => {
    const negatives = second!.filter((_, j) => j !== i).map(other => squared(row, other))
    const weights = negatives.map(d => Math.exp(-d))
    return squared(row, second![i]!) - sum(negatives.map((d, j) => (d * weights[j]!) / sum(weights)))
  })
  return sum(each) / each.length
}

await describeOnBackends(['cpu', 'wasm'], () => {
  test.each([0, 100, -3000])('rows about %f cost what their distances do, wherever they lie', async at => {
    await expectAsInDoubles(
      given => {
        const views = given as unknown as Views<tf.Tensor2D>
        return cacr({ normalise: false })(views, { views })
      },
      cacrOf,
      [rows(at, 1), rows(at, 2)],
      1e-5
    )
  })
})
