import { expectAsInDoubles, type Rows } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import { seeded, vjp } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { squaredDistances } from './index.ts'

const rows = (at: number, apart: number, seed: number): Rows =>
  [0, 1, 2].map(i => [0, 1, 2, 3].map(d => Math.fround(at + apart * Math.sin(seed + 3 * i + 7 * d))))
const distance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, d) => sum + (x - b[d]!) ** 2, 0)

await describeOnBackends(['cpu', 'wasm'], () => {
  test.each([
    [0, 1],
    [100, 1],
    [100, 1e-3],
    [1e4, 0.1]
  ])('squared distances of rows about %f, %f apart, are right to the last digits', async (at, apart) => {
    const scale = 1 / apart ** 2
    await expectAsInDoubles(
      ([a, b]) => tf.mul(tf.sum(tf.square(tf.mul(squaredDistances(a!, b!), scale))), 1 / 9) as tf.Scalar,
      ([a, b]) => a!.reduce((sum, x) => sum + b!.reduce((inner, y) => inner + (scale * distance(x, y)) ** 2, 0), 0) / 9,
      [rows(at, apart, 1), rows(at, apart, 2)],
      1e-4 * apart
    )
  })

  test('of more rows than differences fit, they are right for their spread, wherever the rows lie', async () => {
    const [n, dim] = [600, 8]
    const [near, far] = await Promise.all(
      [0, 1000].map(async at => {
        const points = tf.round(tf.mul(seeded(3).normal([n, dim]), 64)) as tf.Tensor2D
        const moved = tf.add(tf.div(points, 64), at) as tf.Tensor2D
        return [...(await squaredDistances(moved, moved).data())]
      })
    )
    expect(n * n * dim).toBeGreaterThan(2 ** 21)
    const worst = near!.reduce((most, value, i) => Math.max(most, Math.abs(value - far![i]!)), 0)
    expect(worst).toBeLessThan(2e-3)
    expect(Math.min(...far!.slice(0, 1000))).toBeGreaterThanOrEqual(0)
  })

  test('so are their gradients', async () => {
    const [a, b] = [seeded(4).normal([700, 6], 1000), seeded(5).normal([600, 6], 1000)] as [tf.Tensor2D, tf.Tensor2D]
    const weights = seeded(6).uniform([700, 600]) as tf.Tensor2D
    const { pull } = vjp(() => ({ outputs: [squaredDistances(a, b)], aux: null }), [a, b])
    const found = pull([weights], [a, b], { last: true }) as [tf.Tensor2D, tf.Tensor2D]
    // 2 Σⱼ wᵢⱼ (aᵢ − bⱼ), a hundred rows at a time.
    const slopes = (x: tf.Tensor2D, y: tf.Tensor2D, w: tf.Tensor2D): tf.Tensor =>
      tf.concat(
        Array.from({ length: x.shape[0] / 100 }, (_, part) => {
          const apart = tf.sub(tf.expandDims(tf.slice(x, 100 * part, 100), 1), tf.expandDims(y, 0))
          return tf.mul(tf.sum(tf.mul(tf.expandDims(tf.slice(w, 100 * part, 100), 2), apart), 1), 2)
        })
      )
    for (const [gradient, expected] of [
      [found[0], slopes(a, b, weights)],
      [found[1], slopes(b, a, tf.transpose(weights))]
    ] as const) {
      const [worst] = await tf.max(tf.abs(tf.sub(gradient, expected))).data()
      const [largest] = await tf.max(tf.abs(expected)).data()
      expect(worst! / largest!).toBeLessThan(1e-4)
    }
  })
})
