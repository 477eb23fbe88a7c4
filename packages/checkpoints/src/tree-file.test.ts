import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { decodeSafetensors, deserialiseTree, encodeSafetensors, serialiseTree } from './index.ts'

const tree = (): Record<string, unknown> => ({
  stages: [
    {
      kernel: tf.tensor2d([
        [1, 2.5],
        [-3, 4e-8]
      ]),
      empty: tf.zeros([0, 3])
    },
    {}
  ],
  count: 3,
  rate: 0.1,
  places: tf.tensor1d([7, -1], 'int32'),
  mask: tf.tensor1d([true, false], 'bool'),
  scalar: tf.scalar(Math.fround(0.1))
})

describe('a tree', () => {
  test('comes back as it was, numbers included, and the state of nothing else changes', async () => {
    const original = tree()
    const file = await serialiseTree(original, { recipe: 'x' })
    const before = tf.memory().numTensors
    const restored = deserialiseTree(file, original) as ReturnType<typeof tree>
    expect(tf.memory().numTensors).toBe(before + 5)
    expect(await serialiseTree(restored, { recipe: 'x' })).toEqual(file)
    const read = deserialiseTree(Buffer.from(file), original)
    expect(await serialiseTree(read, { recipe: 'x' })).toEqual(file)
    expect([restored['count'], restored['rate']]).toEqual([3, 0.1])
    expect(decodeSafetensors(file).metadata['recipe']).toBe('x')
  })

  test('of another recipe is refused, and the first difference named', async () => {
    const file = await serialiseTree({ a: tf.zeros([2]), b: 1 })
    const read = (like: unknown): unknown => deserialiseTree(file, like, { name: 'a.safetensors' })
    const a = tf.zeros([2])
    expect(() => read({ a: tf.zeros([3]), b: 1 })).toThrow(
      'a.safetensors: expected a to be float32 of shape [3], got float32 of shape [2]. Use the recipe'
    )
    expect(() => read({ a: tf.zeros([2], 'int32'), b: 1 })).toThrow('expected a to be int32 of shape [2], got float32')
    expect(() => read({ a: 5, b: 1 })).toThrow('expected a to be a number, got float32 of shape [2].')
    expect(() => read({ a, b: tf.zeros([]) })).toThrow('expected b to be float32 of shape [], got a number.')
    expect(() => read({ a })).toThrow(
      'a.safetensors: expected the same recipe that wrote the file, but the file also holds b.'
    )
    expect(() => read({ a, b: 1, toString: tf.zeros([1]) })).toThrow('but the file lacks toString.')
    expect(Object.keys(deserialiseTree(file, { b: 0 }, { ignoreRest: true }))).toEqual(['b'])
  })

  test('gives a part of itself', async () => {
    const file = await serialiseTree({ state: { a: tf.scalar(5), step: 3 }, stateful: 7 })
    const { a, step } = deserialiseTree(file, { a: tf.scalar(0), step: 0 }, { part: 'state' })
    expect([a.dataSync()[0], step]).toEqual([5, 3])
  })

  test('keeps numbers to the bit, those too that JSON has no words for', async () => {
    const numbers = [NaN, Infinity, -Infinity, -0, 0, Number.MIN_VALUE, -Number.MAX_VALUE, 1 / 3, 2 ** 53 + 2]
    const read = deserialiseTree(await serialiseTree(numbers), numbers)
    for (const [i, number] of numbers.entries()) expect(Object.is(read[i], number), String(number)).toBe(true)
  })

  test('may have any names', async () => {
    const names = ['__proto__', 'constructor', '0', '']
    const odd = Object.fromEntries(names.map((name, i) => [name, { ['__proto__']: tf.scalar(i), number: i }]))
    const metadata = Object.fromEntries([['__proto__', 'kept']])
    const file = await serialiseTree(odd, metadata)
    expect(Object.keys(decodeSafetensors(file).metadata).sort()).toEqual(['__proto__', 'lapstrake.numbers'])
    const read = deserialiseTree(file, odd)
    for (const [i, name] of names.entries()) {
      const branch = Object.entries(read).find(([key]) => key === name)![1]
      expect([branch.number, branch['__proto__'].dataSync()[0]], name).toEqual([i, i])
    }
  })

  test('is written with its own numbers, whatever metadata come along', async () => {
    const { metadata } = decodeSafetensors(await serialiseTree({ step: 1 }))
    expect(deserialiseTree(await serialiseTree({ step: 2 }, metadata), { step: 0 }).step).toBe(2)
    expect(decodeSafetensors(await serialiseTree({}, metadata)).metadata).toEqual({})
  })

  test.each<[string, unknown, string]>([
    ['a name twice', { 'a.b': 1, a: { b: 2 } }, 'expected a name of its own for every leaf, got a.b twice'],
    ['a text', { a: 'x' }, 'expected tensors and numbers, got a of type string'],
    ['nothing', { a: null }, 'expected tensors and numbers, got a of type null'],
    ['texts in a tensor', { a: tf.tensor1d(['x']) }, 'expected float32, int32 or bool tensors, got a of type string']
  ])('with %s is not written', (_, odd, message) =>
    expect(serialiseTree(odd)).rejects.toThrow(`serialiseTree: ${message}`)
  )
})

test.each([
  ['{"a":', 'is not JSON'],
  ['[]', 'is JSON, but no object'],
  ['5', 'is JSON, but no object'],
  ['{"a":1,"a":2}', 'holds a name twice'],
  ['{"a":null}', 'holds no number for a'],
  ['{"a":1e999}', 'holds no number for a'],
  ['{"a":"1"}', 'holds no number for a'],
  ['{"a":[1]}', 'holds no number for a']
])('the numbers %s are refused', (numbers, message) => {
  const file = encodeSafetensors({ tensors: {}, metadata: { 'lapstrake.numbers': numbers } })
  expect(() => deserialiseTree(file, { a: 0 }, { name: 'x.safetensors' })).toThrow(
    `x.safetensors: expected the numbers of a tree as JSON, got a "lapstrake.numbers" that ${message}. Put`
  )
})
