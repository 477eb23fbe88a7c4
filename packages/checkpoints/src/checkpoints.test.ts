import '@tensorflow/tfjs-backend-cpu'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeSafetensors, deserialiseTensors, deserialiseTree, encodeSafetensors, serialiseTree } from './index.ts'

let folder: string
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'lapstrake-')) })
afterAll(() => rm(folder, { recursive: true }))

const tree = (): Record<string, unknown> => ({
  stages: [{ kernel: tf.tensor2d([[1, 2.5], [-3, 4e-8]]), empty: tf.zeros([0, 3]) }, {}],
  count: 3, rate: 0.1, places: tf.tensor1d([7, -1], 'int32'), mask: tf.tensor1d([true, false], 'bool'), scalar: tf.scalar(Math.fround(0.1))
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
    expect([restored.count, restored.rate]).toEqual([3, 0.1])
    expect(decodeSafetensors(file).metadata.recipe).toBe('x')
  })

  test('of another recipe is refused, and the first difference named', async () => {
    const file = await serialiseTree({ a: tf.zeros([2]), b: 1 })
    expect(() => deserialiseTree(file, { a: tf.zeros([3]), b: 1 })).toThrow('expected a to be float32 of shape [3], got F32 of shape [2]')
    expect(() => deserialiseTree(file, { a: tf.zeros([2]) })).toThrow('but the file also holds b')
    expect(() => deserialiseTree(file, { a: tf.zeros([2]), b: 1, c: tf.zeros([1]) })).toThrow('but the file lacks c')
    expect(Object.keys(deserialiseTree(file, { b: 0 }, { ignoreRest: true }))).toEqual(['b'])
  })
})

test('a file of another program gives its tensors by name, halves and long numbers among them', () => {
  const bytes = (values: ArrayBufferView): Uint8Array => new Uint8Array(values.buffer)
  const file = encodeSafetensors({
    tensors: {
      count: { dtype: 'I64', shape: [], bytes: bytes(BigInt64Array.of(-7n)) },
      half: { dtype: 'F16', shape: [5], bytes: bytes(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00, 0x3555)) },
      brain: { dtype: 'BF16', shape: [1, 2], bytes: bytes(Uint16Array.of(0x3f80, 0xc020)) },
      byte: { dtype: 'U8', shape: [1], bytes: Uint8Array.of(200) }
    },
    metadata: {}
  })
  const { count, half, brain, byte } = deserialiseTensors(file)
  expect([count!.dtype, count!.shape, [...count!.dataSync()]]).toEqual(['int32', [], [-7]])
  expect([...half!.dataSync()]).toEqual([1, -2.5, 2 ** -24, Infinity, 0.333251953125])
  expect([brain!.shape, [...brain!.dataSync()]]).toEqual([[1, 2], [1, -2.5]])
  expect([...byte!.dataSync()]).toEqual([200])
})

describe('damaged files', () => {
  const good = encodeSafetensors({ tensors: { a: { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) } }, metadata: {} })
  const withHeader = (json: string, data = 8): Uint8Array => {
    const header = new TextEncoder().encode(json)
    const file = new Uint8Array(8 + header.length + data)
    new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true)
    file.set(header, 8)
    return file
  }
  test.each<[string, Uint8Array, string]>([
    ['cut within the length', good.subarray(0, 5), 'of 5 bytes: it is cut short'],
    ['cut within the header', good.subarray(0, 20), 'is longer than the file: it is cut short'],
    ['cut within a tensor', good.subarray(0, good.length - 1), 'that ends within a: it is cut short'],
    ['with something behind', Uint8Array.from([...good, 0]), 'with 1 bytes behind its last tensor'],
    ['not JSON', withHeader('hello'), 'whose header is not JSON'],
    ['with a gap', withHeader('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'), 'whose a begins at 4, not at 0'],
    ['overlapping', withHeader('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'), 'whose b begins at 4, not at 8'],
    ['of the wrong size', withHeader('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}'), 'with 8 bytes for a of shape [3], which needs 12'],
    ['of a type unknown here', withHeader('{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}'), 'with a of type F64'],
    ['without offsets', withHeader('{"a":{"dtype":"F32","shape":[2]}}'), 'whose a begins at NaN']
  ])('%s', (_, file, message) => expect(() => decodeSafetensors(file)).toThrow(message))
})

const python = ['/usr/bin/python3', 'python3'].find(name => spawnSync(name, ['-c', 'import safetensors, numpy']).status === 0)
test.skipIf(python === undefined)('Python\'s safetensors opens the file (needs python3 with safetensors and numpy)', async () => {
  const path = join(folder, 'tree.safetensors')
  await writeFile(path, await serialiseTree(tree(), { recipe: 'x' }))
  const { stdout, stderr } = spawnSync(python!, ['-c', `
from safetensors import safe_open
with safe_open(${JSON.stringify(path)}, "numpy") as f:
    print(sorted(f.keys()), f.metadata()["recipe"], f.get_tensor("stages.0.kernel").tolist(), f.get_tensor("places").tolist(), f.get_tensor("mask").tolist())
`], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout.trim()).toBe("['mask', 'places', 'scalar', 'stages.0.empty', 'stages.0.kernel'] x [[1.0, 2.5], [-3.0, 3.999999975690116e-08]] [7, -1] [True, False]")
})
