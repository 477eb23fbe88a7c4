import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { deserialiseTensors, encodeSafetensors, type Dtype, type StoredTensor } from './index.ts'
import { entry, fileOf } from './testing/file-of.ts'

type Numbers = ArrayBufferView & { readonly length: number }
const stored = (dtype: Dtype, values: Numbers, shape: readonly number[] = [values.length]): StoredTensor => ({
  dtype,
  shape,
  bytes: new Uint8Array(values.buffer)
})

type Read = Readonly<Record<string, tf.Tensor>>
function load(tensors: Record<string, StoredTensor>): { read: Read; warnings: string[] } {
  const warnings: string[] = []
  const file = encodeSafetensors({ tensors, metadata: {} })
  const read = deserialiseTensors(file, { name: 'x.safetensors', onWarning: warning => warnings.push(warning) })
  return { read, warnings }
}

const one = (dtype: Dtype, values: Numbers): [string, number[]] => {
  const { read, warnings } = load({ a: stored(dtype, values) })
  expect(warnings).toEqual([])
  return [read['a']!.dtype, [...read['a']!.dataSync()]]
}

test('whole numbers become int32', () => {
  expect(one('U8', Uint8Array.of(0, 200))).toEqual(['int32', [0, 200]])
  expect(one('I8', Int8Array.of(-128, 127))).toEqual(['int32', [-128, 127]])
  expect(one('U16', Uint16Array.of(0, 65_535))).toEqual(['int32', [0, 65_535]])
  expect(one('I16', Int16Array.of(-32_768, 7))).toEqual(['int32', [-32_768, 7]])
  expect(one('U32', Uint32Array.of(0, 2 ** 31 - 1))).toEqual(['int32', [0, 2 ** 31 - 1]])
  expect(one('I32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1))).toEqual(['int32', [-(2 ** 31), 2 ** 31 - 1]])
  expect(one('U64', BigUint64Array.of(0n, 2n ** 31n - 1n))).toEqual(['int32', [0, 2 ** 31 - 1]])
  expect(one('I64', BigInt64Array.of(-(2n ** 31n), -7n))).toEqual(['int32', [-(2 ** 31), -7]])
})

test('floats become float32', () => {
  expect(one('F16', Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00, 0x3555, 0xfc00, 0x7e00, 0x8000))).toEqual([
    'float32',
    [1, -2.5, 2 ** -24, Infinity, 0.333251953125, -Infinity, NaN, -0]
  ])
  expect(one('BF16', Uint16Array.of(0x3f80, 0xc020, 0xff80))).toEqual(['float32', [1, -2.5, -Infinity]])
  expect(one('F32', Float32Array.of(0.1, NaN))).toEqual(['float32', [Math.fround(0.1), NaN]])
  expect(one('F64', Float64Array.of(0.1, -Infinity, NaN, 1e-300, -0))).toEqual([
    'float32',
    [Math.fround(0.1), -Infinity, NaN, 0, -0]
  ])
})

// The largest numbers are those of Micikevicius et al. 2022, table 1, and, without infinities, of Noune et al. 2022.
test.each<[Dtype, { nan: number; largest: number; smallest: number }]>([
  ['F8_E4M3', { nan: 2, largest: 448, smallest: 2 ** -9 }],
  ['F8_E5M2', { nan: 6, largest: 57_344, smallest: 2 ** -16 }],
  ['F8_E4M3FNUZ', { nan: 1, largest: 240, smallest: 2 ** -10 }],
  ['F8_E5M2FNUZ', { nan: 1, largest: 57_344, smallest: 2 ** -17 }],
  ['F8_E8M0', { nan: 1, largest: 2 ** 127, smallest: 2 ** -127 }]
])('the 256 numbers of %s', (dtype, { nan, largest, smallest }) => {
  const [, values] = one(
    dtype,
    Uint8Array.from({ length: 256 }, (_, i) => i)
  )
  const finite = values.filter(value => Number.isFinite(value))
  expect(values.filter(value => Number.isNaN(value))).toHaveLength(nan)
  expect(Math.max(...finite)).toBe(largest)
  expect(Math.min(...finite.filter(value => value > 0))).toBe(smallest)
  expect(new Set(finite.map(value => (Object.is(value, -0) ? '-0' : value))).size).toBe(finite.length)
})

test('bytes of truth are one or zero', () =>
  expect(one('BOOL', Uint8Array.of(0, 1, 2, 255))).toEqual(['bool', [0, 1, 1, 1]]))

test('a tensor that cannot be held is left out with a word, and all others are there', () => {
  const before = tf.memory().numTensors
  const { read, warnings } = load({
    good: stored('F32', Float32Array.of(3)),
    long: stored('I64', BigInt64Array.of(1n, 2n ** 31n)),
    low: stored('I64', BigInt64Array.of(-(2n ** 63n))),
    wide: stored('U64', BigUint64Array.of(2n ** 64n - 1n)),
    high: stored('U32', Uint32Array.of(2 ** 32 - 1)),
    far: stored('F64', Float64Array.of(1e39)),
    complex: stored('C64', Float32Array.of(1, 2), [1]),
    tiny: stored('F4', Uint8Array.of(7), [2])
  })
  expect(Object.keys(read)).toEqual(['good'])
  expect(tf.memory().numTensors).toBe(before + 1)
  expect(warnings).toEqual(
    [
      'long with the number 2147483648',
      'low with the number -9223372036854775808',
      'wide with the number 18446744073709551615',
      'high with the number 4294967295',
      'far with the number 1e+39',
      'complex with numbers of type C64',
      'tiny with numbers of type F4'
    ].map(what => `x.safetensors: expected tensors that float32, int32 or bool can hold, got ${what}. It is left out.`)
  )
})

test('a type that nobody knows yet does not block the others', () => {
  const warnings: string[] = []
  const entries = { new: entry('I128', [1], 0, 16), a: entry('U8', [1], 16, 17) }
  const read = deserialiseTensors(fileOf(entries, 17), { name: 'x', onWarning: warning => warnings.push(warning) })
  expect(Object.keys(read)).toEqual(['a'])
  expect(warnings[1]).toBe(
    'x: expected tensors that float32, int32 or bool can hold, got new with numbers of type I128. It is left out.'
  )
})
