import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { nearestRows, type Rows } from './index.ts'

const rows = (count: number, dim: number, seed: number): Rows => ({
  values: seeded(seed).normals(count * dim),
  dim
})

test('golden: of three directions the one along, the one across, the one against', async () => {
  const known = { values: Float32Array.of(0, 5, -1, 0, 3, 0), dim: 2 }
  const { k, places, similarities } = await nearestRows(known, { values: Float32Array.of(0.1, 0), dim: 2 })
  expect([k, [...places], [...similarities]]).toEqual([3, [2, 0, 1], [1, 0, -1]])
})

test('finds what a loop over all rows finds, in however many blocks', async () => {
  for (const [count, dim] of [
    [300, 6],
    [70_000, 8] // two blocks
  ] as const) {
    const [known, asked] = [rows(count, dim, 1), rows(3, dim, 2)]
    const before = tf.memory().numTensors
    const { places, similarities, k } = await nearestRows(known, asked, { k: 7, batchSize: 2 })
    expect(tf.memory().numTensors).toBe(before)
    for (let i = 0; i < 3; i++) {
      const all = Array.from({ length: count }, (_, place) => cosine(known, place, asked, i))
      const found = [...places.subarray(i * k, (i + 1) * k)]
      expect(new Set(found).size).toBe(7)
      const best = [...all].sort((a, b) => b - a)
      found.forEach((place, j) => {
        expect(similarities[i * k + j]).toBeCloseTo(all[place]!, 5)
        expect(similarities[i * k + j]).toBeCloseTo(best[j]!, 5)
      })
    }
  }
})

function cosine(a: Rows, i: number, b: Rows, j: number): number {
  const [x, y] = [a.values.subarray(i * a.dim, (i + 1) * a.dim), b.values.subarray(j * b.dim, (j + 1) * b.dim)]
  return x.reduce((sum, value, c) => sum + value * y[c]!, 0) / Math.hypot(...x) / Math.hypot(...y)
}

test('a row among those known is its own nearest, and progress ends with all', async () => {
  const known = rows(60, 5, 5)
  const told: number[] = []
  const { places } = await nearestRows(known, known, {
    k: 1,
    batchSize: 25,
    onProgress: (done, total) => told.push(done / total)
  })
  expect([...places]).toEqual(Array.from({ length: 60 }, (_, i) => i))
  expect(told.at(-1)).toBe(1)
})

test('what cannot be compared is refused', async () => {
  const some = rows(4, 3, 6)
  await expect(nearestRows(some, rows(4, 2, 6))).rejects.toThrow('rows of one length, got 3 numbers known and 2 asking')
  await expect(nearestRows(some, some, { k: 0 })).rejects.toThrow('nearestRows: expected k of 1 or more, got 0.')
  await expect(nearestRows(some, { values: Float32Array.of(1, NaN, 0), dim: 3 })).rejects.toThrow('asking row 0')
  await expect(nearestRows({ values: new Float32Array(), dim: 3 }, some)).rejects.toThrow('one or more, got 0 numbers')
  await expect(nearestRows([1, 2] as never, some)).rejects.toThrow(TypeError)
})
