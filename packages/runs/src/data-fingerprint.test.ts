import { inMemory, UnreadableExample, type Dataset } from '@lapstrake/data'
import { crc32c } from '@lapstrake/files'
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

test('the fingerprint of images is that of their pixels and classes', async () => {
  const shown = [1, 2, 3, 4].map(value => `${crc32c(Uint8Array.of(value))} 0`).join('\n')
  expect(parseInt(await fingerprintOf(dataset), 16)).toBe(crc32c(`4 1 1 1\n${shown}`))
})

test('examples of any kind have one, which any of their values changes, and the order of their names does not', async () => {
  const of = (example: unknown): Promise<string> =>
    fingerprintOf({
      name: 'one',
      size: 1,
      classes: [],
      read: async () => [example],
      collate: () => expect.fail('nothing need be a tensor')
    })
  const whole = { tokens: Uint16Array.of(1, 2), boxes: [{ top: 1.5, name: 'a' }], label: 3, none: undefined }
  const { tokens, ...others } = whole
  expect(await of({ ...others, tokens: new Uint16Array([0, 1, 2]).subarray(1) })).toBe(await of(whole))
  const found = await Promise.all(
    [
      whole,
      { ...whole, tokens: Uint16Array.of(1, 3) },
      { ...whole, tokens: Int16Array.of(1, 2) },
      { ...whole, boxes: [{ top: 1.5, name: 'b' }] },
      { ...whole, boxes: [{ top: 1.25, name: 'a' }] },
      { ...whole, label: '3' },
      tokens,
      'a text',
      7
    ].map(of)
  )
  expect(new Set(found).size).toBe(found.length)
})
