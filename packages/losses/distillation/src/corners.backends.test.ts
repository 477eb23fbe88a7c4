import { vjp } from '@lapstrake/core'
import { expectAsInDoubles, type Rows } from '@lapstrake/testing'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { activationBoundary, noiseContrastive, pkt, probabilisticTransfer, relational } from './index.ts'

/** Where float32 formulas written down as they are go wrong, against the same formulas in doubles. */
const rows = (at: number, apart: number, seed: number): Rows =>
  [0, 1, 2, 3].map(i => [0, 1, 2].map(d => Math.fround(at + apart * Math.sin(seed + 3 * i + 7 * d))))
const between = (a: readonly number[], b: readonly number[]): number[] => a.map((x, d) => b[d]! - x)
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0)
const smoothL1 = (x: number): number => (Math.abs(x) < 1 ? x ** 2 / 2 : Math.abs(x) - 0.5)
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** 25 times the distances' and 50 times the angles' part. */
function relationalOf([student, teacher]: readonly Rows[]): number {
  const relations = (z: Rows): { apart: number[]; angles: number[] } => {
    const lengths = z.flatMap(a => z.map(b => Math.hypot(...between(a, b))))
    const mean = sum(lengths) / (z.length * (z.length - 1))
    const unit = (a: readonly number[], b: readonly number[]): number[] => {
      const difference = between(a, b)
      const length = Math.hypot(...difference)
      return difference.map(x => (length === 0 ? 0 : x / length))
    }
    return {
      apart: lengths.map(length => length / mean),
      angles: z.flatMap(a => z.flatMap(b => z.map(c => dot(unit(a, b), unit(a, c)))))
    }
  }
  const [s, t] = [relations(student!), relations(teacher!)]
  const part = (ours: number[], theirs: number[]): number =>
    sum(ours.map((x, i) => smoothL1(x - theirs[i]!))) / ours.length
  return 25 * part(s.apart, t.apart) + 50 * part(s.angles, t.angles)
}

await describeOnBackends(['cpu', 'wasm'], () => {
  test.each([
    [0, 1],
    [100, 1e-2],
    [-1e4, 1]
  ])('rkd of rows about %f, %f apart, is the formula', async (at, apart) => {
    await expectAsInDoubles(
      ([student, teacher]) => relational(student!, teacher!),
      relationalOf,
      [rows(at, apart, 1), rows(0, 1, 2)],
      1e-5 * apart
    )
  })

  test('rkd of a near copy costs nothing', async () => {
    const teacher = tf.tensor2d(rows(0, 1, 1).map(row => [...row]))
    const student = tf.add(tf.round(tf.mul(teacher, 1024)), 100 * 1024)
    const [value] = await relational(tf.div(student, 1024), tf.div(tf.round(tf.mul(teacher, 1024)), 1024)).data()
    expect(value).toBeLessThan(1e-9)
  })

  test('without noise there is nothing to tell apart: exactly 0', async () => {
    const logits = tf.tensor2d([[0.3], [-2]])
    const { outputs, pull } = vjp(
      () => ({ outputs: [noiseContrastive(logits, { examples: 10 })], aux: null }),
      [logits]
    )
    const found = [...outputs, ...pull([tf.scalar(1)], [logits], { last: true })]
    for (const tensor of found) expect([...(await tensor!.data())].every(value => value === 0)).toBe(true)
  })

  test('activation boundaries are the formula', async () => {
    const margin = 0.5
    await expectAsInDoubles(
      ([student, teacher]) => activationBoundary([student!], [teacher!], { margin }),
      ([student, teacher]) =>
        (3 / 1000 / student!.length) *
        sum(
          student!.flatMap((row, i) =>
            row.map((s, d) => Math.max(0, teacher![i]![d]! > 0 ? margin - s : margin + s) ** 2)
          )
        ),
      [rows(0, 1, 1), rows(0, 1, 2)]
    )
  })

  test('pkt has no logarithm of 0: epsilon is above it', () => {
    const student = tf.ones([2, 2])
    for (const epsilon of [0, -1, NaN]) {
      const message = `: expected a small epsilon above 0, got ${epsilon}. Try 1e-7.`
      expect(() => pkt({ epsilon })).toThrow(`pkt${message}`)
      expect(() => probabilisticTransfer(student, student, { epsilon })).toThrow(`probabilisticTransfer${message}`)
    }
  })
})
