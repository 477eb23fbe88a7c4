import '@tensorflow/tfjs-backend-cpu'
import { convNet, networkOf, seeded, shapes, type Dataset } from 'lapstrake'
import type { Manifest } from '@lapstrake/runs/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { stageMaps, type StageMap, type StageMapsOptions } from './stage-maps.ts'

const network = networkOf(convNet({ widths: [4, 6], strides: [2, 2], layers: 1 }), [28, 28, 3])
const trained = network.init(seeded(0))
const manifest = { stages: ['conv1', 'conv2'] } as unknown as Manifest
const images = await shapes({ limit: 40 }).open('test', { limit: 40 })
const mapped = (options: Partial<StageMapsOptions> = {}, test: Dataset = images): Promise<readonly StageMap[]> =>
  stageMaps({ network, trained, manifest }, { test, until: Infinity, onProgress: () => undefined, ...options })

test('a map for the pixels and each stage, the same again, and nothing left behind', async () => {
  const before = tf.memory().numTensors
  const maps = await mapped()
  expect(maps.map(({ stage }) => stage)).toEqual(['raw pixels', 'conv1', 'conv2'])
  for (const { points } of maps) {
    expect(points).toHaveLength(images.size)
    expect(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true)
    expect(points.map(({ label }) => label)).toEqual(Array.from(images.labels!, label => images.classes[label]))
  }
  expect(await mapped()).toEqual(maps)
  expect(tf.memory().numTensors).toBe(before)
})

test('images that are near for a stage are near on its map', async () => {
  // White and black, with little noise: two clusters.
  const noise = seeded(1).uniforms(60)
  const two: Dataset = {
    ...images,
    size: 60,
    read: async places => Array.from(places, place => ({ value: (place % 2) + 0.01 * noise[place]! })),
    collate: examples => ({
      input: tf.stack(examples.map(one => tf.fill([28, 28, 3], (one as { value: number }).value)))
    }),
    labels: Int32Array.from({ length: 60 }, (_, i) => i % 2)
  }
  for (const { points } of await mapped({}, two)) {
    const nearest = points.map(({ x, y }, i) => {
      const distances = points.map((other, k) => (k === i ? Infinity : Math.hypot(other.x - x, other.y - y)))
      return distances.indexOf(Math.min(...distances))
    })
    expect(nearest.filter((other, i) => other % 2 === i % 2).length).toBeGreaterThan(57)
  }
})

test('without classes all points have one label', async () => {
  const { labels: _, ...without } = images
  const [{ points }] = (await mapped({}, { ...without, classes: [] })) as [StageMap]
  expect(new Set(points.map(({ label }) => label))).toEqual(new Set(['image']))
})

test('begins no map when time is over, and the top first', async () => {
  expect(await mapped({ until: performance.now() - 1 })).toEqual([])
  const told: string[] = []
  await mapped({ onProgress: what => told.push(what) })
  expect(told.filter(what => what.startsWith('map'))).toEqual(['map of conv2', 'map of conv1', 'map of raw pixels'])
})

test('three images or fewer have a map, too', async () => {
  for (const limit of [1, 2, 3]) {
    const few = await shapes({ limit: 40 }).open('test', { limit })
    expect((await mapped({}, few))[2]!.points).toHaveLength(limit)
  }
})
