import '@tensorflow/tfjs-backend-cpu'
import type { Rows } from 'lapstrake'
import { expect, test } from 'vitest'
import { alike } from './alike.ts'

/** Directions by their angles in degrees. */
const directions = (...angles: readonly number[]): Rows => ({
  values: Float32Array.from(
    angles.flatMap(angle => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)])
  ),
  dim: 2
})

test('groups are chains of pairs that are alike, those with the most similar pair first', async () => {
  // cos 5° is 0.9962, cos 10° is 0.9848: 0 and 10 are alike through 5.
  const rows = directions(0, 90, 5, 180, 10, 92)
  const told: number[] = []
  expect(await alike(rows, 0.99, (done, total) => told.push(done / total))).toEqual([
    [1, 5],
    [0, 2, 4]
  ])
  expect(told.at(-1)).toBe(1)
  expect(await alike(rows, 0.9999, () => {})).toEqual([])
})
