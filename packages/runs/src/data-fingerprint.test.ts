import { inMemory, UnreadableExample, type Dataset } from '@lapstrake/data'
import { expect, test } from 'vitest'
import { fingerprintOf } from './data-fingerprint.ts'

const dataset = inMemory({
  name: 'four',
  classes: ['a'],
  shape: [1, 1, 1],
  images: Uint8Array.of(1, 2, 3, 4),
  labels: Int32Array.of(0, 0, 0, 0)
})

const failing = (error: Error): Dataset => ({
  ...dataset,
  read: async places => {
    if (places[0] === 2) throw error
    return dataset.read(places)
  }
})

test('data with an example that cannot be read have a fingerprint of their own, the same each time', async () => {
  const damaged = failing(new UnreadableExample([{ place: 2, example: 'c.png', reason: 'it is not there' }]))
  const found = await fingerprintOf(damaged)
  expect(found).not.toBe(await fingerprintOf(dataset))
  expect(await fingerprintOf(damaged)).toBe(found)
})

test('a lack of memory does not make data look like others', async () => {
  const error = new RangeError('Array buffer allocation failed')
  await expect(fingerprintOf(failing(error))).rejects.toBe(error)
})
