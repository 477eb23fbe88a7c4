import { inMemory, UnreadableExample, type Dataset } from '@lapstrake/data'
import { crc32c } from '@lapstrake/files'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
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

const single = (example: unknown): Promise<string> =>
  fingerprintOf({
    name: 'one',
    size: 1,
    classes: [],
    read: async () => [example],
    collate: () => expect.fail('nothing need be a tensor')
  })

test('what lies in buffers, maps, sets and dates counts', async () => {
  const bytes = (...values: number[]): ArrayBuffer => Uint8Array.from(values).buffer
  const made = (x: number): readonly unknown[] => [
    bytes(1, x),
    new DataView(bytes(1, x)),
    new Map([['a', x]]),
    new Map([['a', { b: bytes(x) }]]),
    new Set([1, x]),
    new Date(x),
    BigInt(x)
  ]
  const shown = (x: number): readonly unknown[] => made(x).flatMap(value => [value, { value }, [[value]]])
  const [first, again, other] = await Promise.all([2, 2, 3].map(x => Promise.all(shown(x).map(single))))
  expect(first).toEqual(again)
  first!.forEach((found, i) => expect(found).not.toBe(other![i]))
  expect(new Set(first).size).toBeGreaterThan(13)
})

test('what cannot be looked into is refused by name', async () => {
  const circular: Record<string, unknown> = { label: 1 }
  circular['self'] = [circular]
  const refused: readonly [unknown, string][] = [
    [tf.scalar(1), 'a Tensor'],
    [{ image: tf.scalar(1) }, 'a Tensor in image'],
    [{ image: new Blob(['x']) }, 'a Blob in image'],
    [{ late: Promise.resolve(1) }, 'a Promise in late'],
    [{ draw: () => 1 }, 'a function in draw'],
    [circular, 'one that holds itself in self.0']
  ]
  for (const [example, words] of refused) await expect(single(example)).rejects.toThrow(`got ${words}. Give its values`)
  await expect(fingerprintOf({ ...dataset, read: async () => [] })).rejects.toThrow(
    'one example for place 0, got a list'
  )
  await expect(fingerprintOf({ ...dataset, read: async () => undefined as never })).rejects.toThrow(
    'place 0, got none.'
  )
})

test('examples of any kind have one, which any of their values changes, not the order of their names', async () => {
  const whole = { tokens: Uint16Array.of(1, 2), boxes: [{ top: 1.5, name: 'a' }], label: 3, none: undefined }
  const { tokens, ...others } = whole
  expect(await single({ ...others, tokens: new Uint16Array([0, 1, 2]).subarray(1) })).toBe(await single(whole))
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
    ].map(single)
  )
  expect(new Set(found).size).toBe(found.length)
})
