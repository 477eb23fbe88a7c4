import { vjp, type Views } from '@lapstrake/core'
import { expectAsInDoubles, type Rows } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { supCon, type SupConOptions } from './index.ts'

/** Where float32 formulas written down as they are go wrong, against the same formulas in doubles. */
const temperature = 0.1
const forms = ['out', 'in', 'pairs'] as const
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0)
const logSumExp = (values: readonly number[]): number => {
  const most = Math.max(...values)
  return most === -Infinity ? most : most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0))
}
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length

const formula =
  (form: (typeof forms)[number], classes: readonly number[], noNegative: 'cost' | 'zero' = 'cost') =>
  (views: readonly Rows[]): number => {
    const z = views.flat()
    const each = z.map((row, i) => {
      const others = z
        .map((other, j) => ({ s: dot(row, other) / temperature, itself: i === j, of: classes[j % classes.length] }))
        .filter(({ itself }) => !itself)
      const isPositive = ({ of }: { of: number | undefined }): boolean => of === classes[i % classes.length]
      return {
        all: others.map(({ s }) => s),
        positives: others.filter(isPositive).map(({ s }) => s),
        negatives: others.filter(other => !isPositive(other)).map(({ s }) => s)
      }
    })
    if (form === 'pairs') {
      const pairs = each.flatMap(({ positives, negatives }) => positives.map(s => logSumExp([s, ...negatives]) - s))
      return pairs.length === 0 ? 0 : mean(pairs)
    }
    return mean(
      each.map(({ all, positives, negatives }) => {
        if (positives.length === 0 || (noNegative === 'zero' && negatives.length === 0)) return 0
        const attracted = form === 'out' ? mean(positives) : logSumExp(positives) - Math.log(positives.length)
        return logSumExp(all) - attracted
      })
    )
  }

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
const short: readonly Rows[] = [
  [
    [0.3, 0.2],
    [0.1, -0.4],
    [0.5, 0.1]
  ],
  [
    [0.2, 0.6],
    [-0.7, 0.1],
    [0.3, 0.3]
  ]
]
const run =
  (options: SupConOptions, classes: readonly number[]) =>
  (views: readonly tf.Tensor2D[]): tf.Scalar => {
    const given = views as unknown as Views<tf.Tensor2D>
    const labels = tf.tensor1d([...classes], 'int32')
    return supCon({ normalise: false, temperature, ...options })(given, { views: given, labels })
  }

await describeOnBackends(['cpu', 'wasm'], () => {
  describe.each(forms)('%s', form => {
    test('a long row that is not normalised is never compared with itself', async () => {
      for (const classes of [
        [0, 1],
        [0, 0]
      ])
        await expectAsInDoubles(run({ form }, classes), formula(form, classes), long)
    })

    test('anchors without negatives cost what the equation says, or nothing', async () => {
      for (const classes of [
        [4, 4, 4],
        [0, 0, 1]
      ]) {
        for (const noNegative of ['cost', 'zero'] as const)
          await expectAsInDoubles(run({ form, noNegative }, classes), formula(form, classes, noNegative), short)
      }
      const once = short.slice(0, 1)
      await expectAsInDoubles(run({ form, noNegative: 'zero' }, [4, 4, 4]), () => 0, once)
    })

    test.each<[string, Rows[], number[]]>([
      ['one row', [[[0.3, 0.4]]], [0]],
      ['one pair of views', [[[0.3, 0.4]], [[0.1, -2]]], [0]],
      [
        'one pair of a class',
        [
          [
            [0.3, 0.4],
            [0.1, -2]
          ]
        ],
        [3, 3]
      ],
      [
        'two rows of two classes',
        [
          [
            [0.3, 0.4],
            [0.1, -2]
          ]
        ],
        [3, 4]
      ]
    ])('%s costs exactly 0, with a gradient of exactly 0', async (_, views, classes) => {
      for (const normalise of [true, false]) {
        const given = views.map(rows => tf.tensor2d(rows.map(row => [...row])))
        const { outputs, pull } = vjp(() => ({ outputs: [run({ form, normalise }, classes)(given)], aux: null }), given)
        const found = [...outputs, ...pull([tf.scalar(1)], given, { last: true })]
        for (const tensor of found) expect([...(await tensor!.data())].every(value => value === 0)).toBe(true)
      }
    })
  })
})
