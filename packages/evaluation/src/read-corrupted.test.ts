import '@tensorflow/tfjs-backend-cpu'
import { seeded, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { readCorrupted, type Corruption } from './index.ts'
import type { Readable } from './read-whole.ts'

/** Images of one pixel in two channels, of which the first tells the class. */
const pixels = (seed: number, size = 90): Readable<number> => {
  const noise = seeded(seed).uniforms(2 * size)
  return {
    size,
    read: async places => Array.from(places),
    collate: places => ({
      input: tf.tensor4d(
        places.flatMap(i => [0.3 * noise[2 * i]! + 0.6 * (i % 2), noise[2 * i + 1]!]),
        [places.length, 1, 1, 2]
      ),
      labels: tf.tensor1d(
        places.map(i => i % 2),
        'int32'
      )
    })
  }
}
const identity: Corruption = { kind: 'identity', severity: 1, change: images => images }
const turned: Corruption = { kind: 'turned', severity: 1, change: images => tf.sub(1, images) }
const noise = (severity: number): Corruption => ({
  kind: 'noise',
  severity,
  change: (images, random: Random) => tf.add(images, random.normal(images.shape, 0, severity / 5))
})
const options = { train: pixels(1), test: pixels(2), batchSize: 40 }

test('what changes nothing reads as clean images do, what turns them reads the other class', async () => {
  const { clean, readouts, mean } = await readCorrupted(images => images.clone(), {
    ...options,
    corruptions: [identity, turned]
  })
  expect(clean).toBeGreaterThan(0.95)
  expect(readouts).toEqual([
    { kind: 'identity', severity: 1, linear: clean },
    { kind: 'turned', severity: 1, linear: 1 - clean }
  ])
  expect(mean).toBeCloseTo(0.5, 6)
})

test('more noise reads less, the same for the same seed, and nothing is left behind', async () => {
  const before = tf.memory().numTensors
  const read = async (seed: number): Promise<readonly number[]> => {
    const corruptions = [noise(1), noise(5)]
    const { readouts } = await readCorrupted(images => tf.mul(images, 3), { ...options, corruptions, seed })
    return readouts.map(({ linear }) => linear)
  }
  const [little, much] = await read(0)
  expect(little!).toBeGreaterThan(much!)
  expect(await read(0)).toEqual([little, much])
  expect(await read(1)).not.toEqual([little, much])
  expect(tf.memory().numTensors).toBe(before)
})

test('each batch is drawn anew', async () => {
  const drawn: string[] = []
  const change = (images: tf.Tensor4D, random: Random): tf.Tensor => {
    drawn.push(random.key.join())
    return images
  }
  await readCorrupted(images => images.clone(), { ...options, corruptions: [{ ...identity, change }] })
  expect(new Set(drawn).size).toBe(3)
})

test('says what it misses', async () => {
  const encode = (images: tf.Tensor): tf.Tensor => images.clone()
  await expect(readCorrupted(encode, { ...options, corruptions: [] })).rejects.toThrow(
    'readCorrupted: expected a corruption or more, got none.'
  )
  await expect(readCorrupted(encode, { ...options, corruptions: [{} as Corruption] })).rejects.toThrow(
    'readCorrupted: expected a change of images in each corruption, got undefined.'
  )
  const nothing: Corruption = { ...identity, change: images => tf.fill(images.shape, NaN) }
  await expect(readCorrupted(encode, { ...options, corruptions: [nothing] })).rejects.toThrow(
    'readCorrupted: expected finite features, got NaN in those of test example 0.'
  )
  const smaller: Corruption = { ...identity, change: images => tf.slice(images, [0, 0, 0, 0], [-1, -1, -1, 1]) }
  await expect(readCorrupted(encode, { ...options, corruptions: [smaller] })).rejects.toThrow(
    'readCorrupted: expected features of one length, got 2 numbers for training and 1 for testing.'
  )
  await expect(readCorrupted(undefined as never, { ...options, corruptions: [identity] })).rejects.toThrow(
    'readCorrupted: expected an encoder, as in images => network.encode(variables, images), got undefined.'
  )
})
