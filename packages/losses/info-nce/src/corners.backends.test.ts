import type { Loss, Views } from '@lapstrake/core'
import { expectAsInDoubles, type Rows } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { dcl, debiased, hardNegatives, infoNCE, infoNCEAgainst, ntXent } from './index.ts'

/** Where float32 formulas written down as they are go wrong, against the same formulas in doubles. */
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0)
const logSumExp = (values: readonly number[]): number => {
  const most = Math.max(...values)
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0))
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const unit = (row: readonly number[]): number[] => row.map(x => x / Math.hypot(...row))
const run =
  (loss: Loss) =>
  (views: readonly tf.Tensor2D[]): tf.Scalar =>
    loss(views as unknown as Views<tf.Tensor2D>, { views: views as unknown as Views })

/** What each row of two views has in common with its positive and with the others, over the temperature. */
const pairsOf = (views: readonly Rows[], temperature: number): { positive: number; others: number[] }[] => {
  const z = views.flat()
  const batch = views[0]!.length
  return z.map((row, i) => ({
    positive: dot(row, z[(i + batch) % z.length]!) / temperature,
    others: z.filter((_, j) => j % batch !== i % batch).map(other => dot(row, other) / temperature)
  }))
}
const ntXentOf =
  (temperature: number) =>
  (views: readonly Rows[]): number =>
    mean(pairsOf(views, temperature).map(({ positive, others }) => logSumExp([positive, ...others]) - positive))

const long: readonly Rows[] = [
  [
    [2e4, 0],
    [0, 1]
  ],
  [
    [0, 1],
    [1, 0]
  ]
]
const longer: readonly Rows[] = [
  [
    [300, 2, -1],
    [1, 40, 3],
    [-7, 5, 2]
  ],
  [
    [20, 1, 2],
    [3, 4, -90],
    [1, -2, 30]
  ]
]

await describeOnBackends(['cpu', 'wasm'], () => {
  test('a long row that is not normalised is never compared with itself', async () => {
    expect(ntXentOf(0.1)(long)).toBeCloseTo(100_005, 0)
    for (const views of [long, longer]) {
      for (const chunk of [undefined, 1, 3])
        await expectAsInDoubles(run(ntXent({ normalise: false, temperature: 0.1, chunk })), ntXentOf(0.1), views)
      await expectAsInDoubles(
        run(infoNCE({ normalise: false, temperature: 0.1 })),
        ([first, second]) =>
          mean(
            first!.map((row, i) => logSumExp(second!.map(other => dot(row, other) / 0.1)) - dot(row, second![i]!) / 0.1)
          ),
        views
      )
    }
  })

  test.each([0.1, 1e-3, 1e-10])('at temperature %f rows are compared with other examples alone', async temperature => {
    const views = longer.map(rows => rows.map(unit))
    const normalised =
      (f: (views: readonly Rows[]) => number) =>
      (views: readonly Rows[]): number =>
        f(views.map(rows => rows.map(unit)))
    const ofDcl = (views: readonly Rows[]): number =>
      mean(pairsOf(views, temperature).map(({ positive, others }) => logSumExp(others) - positive))
    await expectAsInDoubles(run(dcl({ temperature })), normalised(ofDcl), views)
    await expectAsInDoubles(run(debiased({ temperature, classPrior: 0 })), normalised(ntXentOf(temperature)), views)
    const ofHard = (views: readonly Rows[]): number =>
      mean(
        pairsOf(views, temperature).map(({ positive, others }) => {
          const weighed = logSumExp(others.map(s => 2 * s)) - logSumExp(others) + Math.log(others.length)
          return logSumExp([positive, weighed]) - positive
        })
      )
    await expectAsInDoubles(run(hardNegatives({ temperature, classPrior: 0 })), normalised(ofHard), views)
  })

  test('without negatives infoNCEAgainst costs exactly 0', async () => {
    const rows = tf.ones<tf.Rank.R2>([3, 2])
    for (const none of [tf.zeros<tf.Rank.R2>([0, 2]), tf.zeros<tf.Rank.R3>([3, 0, 2])])
      expect([...(await infoNCEAgainst(rows, rows, none).data())]).toEqual([0])
  })
})
