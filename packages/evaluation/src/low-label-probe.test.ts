import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { linearProbe, lowLabelProbe, type Features } from './index.ts'

/** Clouds around a centre for each of four classes; the last class is a quarter as frequent as the others. */
function clouds(count: number, spread: number, seed: number): Features {
  const [classes, dim] = [4, 6]
  const centres = seeded(99).normals(classes * dim)
  const noise = seeded(seed).normals(count * dim)
  const labels = Int32Array.from({ length: count }, (_, i) => (i % 13 === 12 ? 3 : i % 3))
  return {
    dim,
    labels,
    values: noise.map((value, i) => centres[labels[Math.floor(i / dim)]! * dim + (i % dim)]! + spread * value)
  }
}
const [train, test400] = [clouds(520, 0.9, 1), clouds(400, 0.9, 2)]

test('more labels read more, and all of them as much as the linear probe', async () => {
  const found = []
  for (const labels of [1, 5, 40]) found.push(await lowLabelProbe(train, test400, { labels }))
  expect(found.map(({ examples }) => examples)).toEqual([4, 20, 160])
  const [one, five, forty] = found.map(({ accuracy }) => accuracy)
  expect(five!).toBeGreaterThan(one! + 0.03)
  expect(forty!).toBeGreaterThan(five!)
  const { accuracy } = await linearProbe(train, test400)
  expect(Math.abs(forty! - accuracy)).toBeLessThan(0.06)
  // Fewer labels differ more from draw to draw.
  expect(found[0]!.deviation!).toBeGreaterThan(found[2]!.deviation!)
})

test('mean and deviation are those of single draws, and the seed decides them', async () => {
  const of = (draws: number, seed = 0): ReturnType<typeof lowLabelProbe> =>
    lowLabelProbe(train, test400, { labels: 3, draws, seed })
  const [first, both] = [await of(1), await of(2)]
  expect(first.deviation).toBeUndefined()
  const second = 2 * both.accuracy - first.accuracy
  expect(both.deviation).toBeCloseTo(Math.abs(first.accuracy - second) / Math.SQRT2, 6)
  expect(await of(2)).toEqual(both)
  expect((await of(2, 1)).accuracy).not.toBe(both.accuracy)
})

test('a part is taken of each class, one label at the least', async () => {
  // 160, 160, 160 and 40 of a class.
  expect((await lowLabelProbe(train, test400, { labels: 0.05, draws: 1 })).examples).toBe(8 + 8 + 8 + 2)
  expect((await lowLabelProbe(train, test400, { labels: 0.001, draws: 1 })).examples).toBe(4)
})

test('tells how far it is, and leaves nothing behind', async () => {
  const before = tf.memory().numTensors
  const told: number[][] = []
  await lowLabelProbe(train, test400, { labels: 2, draws: 3, onProgress: (...args) => told.push(args) })
  expect(told).toEqual([
    [1, 3],
    [2, 3],
    [3, 3]
  ])
  expect(tf.memory().numTensors).toBe(before)
})

test.each([
  [{ labels: 41 }, 'lowLabelProbe: expected 41 labels of every class, got 40 of class 3. Ask for fewer.'],
  [{ labels: 1.5 }, 'lowLabelProbe: expected labels of each class, a whole number, or a part below 1, got 1.5.'],
  [{ labels: 0 }, 'or a part below 1, got 0. Try 10 or 0.01.'],
  [{} as { labels: number }, 'or a part below 1, got undefined.'],
  [{ labels: 1, draws: 0 }, 'lowLabelProbe: expected draws of 1 or more, a whole number, got 0. Try 5.'],
  [{ labels: 1, validation: 1 }, 'lowLabelProbe: expected a validation part between 0 and 1, got 1.'],
  [{ labels: 1, strengths: [] }, 'lowLabelProbe: expected strengths of 0 or above, got [].']
])('%j is refused', async (options, message) => {
  await expect(lowLabelProbe(train, test400, options)).rejects.toThrow(message)
})
