import { describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from './index.ts'
import { entry, fileOf } from './testing/file-of.ts'

const two: StoredTensor = { dtype: 'U8', shape: [2], bytes: Uint8Array.of(7, 9) }

describe('damaged files', () => {
  const whole: StoredTensor = { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) }
  const good = encodeSafetensors({ tensors: { a: whole }, metadata: {} })
  const a = (fields: string): Uint8Array => fileOf(`{"a":{${fields}}}`, 8)
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const homeless = 'whose a does not say where it begins and ends'
  const shapeless = 'whose a has a shape that is no list of whole numbers'
  test.each<[string, Uint8Array, string]>([
    ['cut within the length', good.subarray(0, 5), 'of 5 bytes: it is cut short'],
    ['cut within the header', good.subarray(0, 20), 'is longer than the file: it is cut short'],
    ['cut within a tensor', good.subarray(0, good.length - 1), 'that ends within a: it is cut short'],
    ['with something behind', Uint8Array.from([...good, 0]), 'with 1 bytes behind its last tensor'],
    ['not JSON', fileOf('hello', 0), 'whose header is not JSON'],
    ['not even text', fileOf(Uint8Array.of(0x7b, 0xff, 0x7d), 0), 'whose header is not JSON, nor any text'],
    ['with a mark of its encoding', fileOf('\ufeff{}', 0), 'whose header is not JSON'],
    ['of a list', fileOf('[]', 0), 'whose header is JSON, but no object'],
    ['of a number', fileOf('5', 0), 'whose header is JSON, but no object'],
    ['of nothing', fileOf('null', 0), 'whose header is JSON, but no object'],
    ['of a text', fileOf('"x"', 0), 'whose header is JSON, but no object'],
    ['with a name twice', fileOf('{"a\\"":{"more":"a"},"\\u0061\\"" :5}', 0), 'holds a name twice'],
    ['with a name twice within', a('"dtype":"F32","dtype":"I32","shape":[2]'), 'holds a name twice'],
    ['with a name twice in its metadata', fileOf('{"__metadata__":{"a":"1","a":"2"}}', 0), 'holds a name twice'],
    ['with a gap', a('"dtype":"F32","shape":[1],"data_offsets":[4,8]'), 'whose a begins at 4, not at 0'],
    ['overlapping', fileOf({ a: entry('U8', [8], 0, 8), b: entry('U8', [4], 4, 8) }, 8), 'b begins at 4, not at 8'],
    [
      'of the wrong size',
      a('"dtype":"F32","shape":[3],"data_offsets":[0,8]'),
      'with 8 bytes for a of shape [3], which'
    ],
    ['of a part of a byte', a('"dtype":"F4","shape":[3],"data_offsets":[0,8]'), 'or a part of a byte'],
    [
      'of more than can be',
      a('"dtype":"F32","shape":[9007199254740991,9,0],"data_offsets":[0,8]'),
      'more F32 than can be'
    ],
    ['backwards', a('"dtype":"new","shape":[1],"data_offsets":[8,0]'), 'with -8 bytes for a'],
    ['without offsets', a('"dtype":"F32","shape":[2]'), homeless],
    ['with one offset', a('"dtype":"F32","shape":[2],"data_offsets":[0]'), homeless],
    ['with a negative offset', a('"dtype":"F32","shape":[2],"data_offsets":[-8,0]'), homeless],
    ['with an endless offset', a('"dtype":"F32","shape":[2],"data_offsets":[0,1e999]'), homeless],
    ['with an offset beyond count', a('"dtype":"F32","shape":[2],"data_offsets":[0,9007199254740993]'), homeless],
    ['of a negative shape', a('"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]'), shapeless],
    ['of a deep shape', a(`"dtype":"F32","shape":${deep},"data_offsets":[0,8]`), shapeless],
    ['without a type', a('"shape":[2],"data_offsets":[0,8]'), 'whose a has no type'],
    ['of nothing but a name', fileOf('{"toString":null}', 0), 'whose toString has no type'],
    ['of metadata that are a list', fileOf('{"__metadata__":["a"]}', 0), 'has metadata that are no texts by name'],
    ['of metadata that are a number', fileOf('{"__metadata__":{"a":5}}', 0), 'has metadata that are no texts by name']
  ])('%s', (_, file, message) => {
    expect(() => decodeSafetensors(file, { name: 'my.safetensors' })).toThrow(message)
    expect(() => decodeSafetensors(file, { name: 'my.safetensors' })).toThrow(
      /^my\.safetensors: expected a safetensors file, got one .*\.$/s
    )
  })

  test('may be deep where nobody looks', () => {
    const file = a(`"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":${deep}`)
    expect(decodeSafetensors(file).tensors['a']!.shape).toEqual([2])
  })
})

test.each<[string, StoredTensor, string]>([
  ['a type that is none', { ...two, dtype: 'uint8' }, 'expected a of one of the types BOOL, U8, '],
  ['a shape that is none', { ...two, shape: [-1, -2] }, 'expected a of a shape of whole numbers, got [-1,-2].'],
  ['too few bytes', { ...two, shape: [3] }, 'expected 3 bytes for a of shape [3], got 2.']
])('%s is not written', (_, a, message) =>
  expect(() => encodeSafetensors({ tensors: { a }, metadata: {} })).toThrow(`encodeSafetensors: ${message}`)
)

test('what the format keeps for itself is not written, nor are metadata that are no texts', () => {
  expect(() => encodeSafetensors({ tensors: { __metadata__: two }, metadata: {} })).toThrow(
    'encodeSafetensors: expected tensors of other names, got __metadata__, which the format keeps for itself.'
  )
  expect(() => encodeSafetensors({ tensors: {}, metadata: { step: 5 as unknown as string } })).toThrow(
    'encodeSafetensors: expected texts as metadata, got number for step. Use JSON.stringify.'
  )
})
