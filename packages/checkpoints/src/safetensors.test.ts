import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeSafetensors,
  deserialiseTensors,
  encodeSafetensors,
  serialiseTree,
  type Dtype,
  type StoredTensor
} from './index.ts'
import { entry, fileOf } from './testing/file-of.ts'

const two: StoredTensor = { dtype: 'U8', shape: [2], bytes: Uint8Array.of(7, 9) }
const none: StoredTensor = { dtype: 'F32', shape: [0], bytes: new Uint8Array() }

describe('a file', () => {
  test('comes back as it was, by names that objects have already or put first', () => {
    const names = ['__proto__', 'constructor', '7', '', 'a "b"\n', 'é']
    const tensors = Object.fromEntries(names.map(name => [name, two]))
    const metadata = Object.fromEntries(names.map(name => [name, `of ${name}`]))
    const read = decodeSafetensors(encodeSafetensors({ tensors, metadata }))
    expect(Object.entries(read.tensors).sort()).toEqual(Object.entries(tensors).sort())
    expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(metadata).sort())
    expect(encodeSafetensors(read)).toEqual(encodeSafetensors({ tensors, metadata }))
    expect(Object.keys(deserialiseTensors(encodeSafetensors({ tensors, metadata }))).sort()).toEqual(names.sort())
  })

  test('is not changed by reading, and its tensors are no copies', () => {
    const file = encodeSafetensors({ tensors: { two }, metadata: {} })
    const before = file.slice()
    expect(decodeSafetensors(file).tensors['two']!.bytes.buffer).toBe(file.buffer)
    expect(file).toEqual(before)
  })

  test('may hold empty tensors before, behind and between others, in any order of its entries', () => {
    const entries: Record<string, [number[], number, number]> = {
      a: [[0], 0, 0],
      b: [[1], 0, 4],
      c: [[3, 0], 4, 4],
      d: [[1], 4, 8],
      e: [[0], 8, 8]
    }
    for (const names of ['abcde', 'edcba', 'badce']) {
      const header = Object.fromEntries([...names].map(name => [name, entry('F32', ...entries[name]!)]))
      expect(Object.keys(decodeSafetensors(fileOf(header, 8)).tensors).sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
    }
    const { tensors } = decodeSafetensors(encodeSafetensors({ tensors: { two, none }, metadata: {} }))
    expect(tensors).toEqual({ two, none })
  })

  test('of other programs may have no metadata, or null, and types that nobody knows yet', () => {
    const header = { new: entry('I128', [1], 0, 16), a: entry('U8', [1], 16, 17) }
    const { tensors, metadata, sealed } = decodeSafetensors(fileOf({ __metadata__: null, ...header }, 17))
    expect([Object.keys(tensors), tensors['new']!.dtype, metadata, sealed]).toEqual([['new', 'a'], 'I128', {}, false])
    expect(decodeSafetensors(fileOf(header, 17)).tensors['new']!.bytes).toHaveLength(16)
  })

  test('gives tensors of every type of the format', () => {
    const bytes: Record<Dtype, number> = {
      BOOL: 8,
      U8: 8,
      I8: 8,
      U16: 16,
      I16: 16,
      U32: 32,
      I32: 32,
      U64: 64,
      I64: 64,
      F16: 16,
      BF16: 16,
      F32: 32,
      F64: 64,
      C64: 64,
      F8_E5M2: 8,
      F8_E4M3: 8,
      F8_E8M0: 8,
      F8_E4M3FNUZ: 8,
      F8_E5M2FNUZ: 8,
      F6_E2M3: 6,
      F6_E3M2: 6,
      F4: 4
    }
    const tensors = Object.fromEntries(
      Object.entries(bytes).map(([dtype, length]) => [dtype, { dtype, shape: [2, 4], bytes: new Uint8Array(length) }])
    )
    expect(decodeSafetensors(encodeSafetensors({ tensors, metadata: {} })).tensors).toEqual(tensors)
  })
})

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-'))
})
afterAll(() => rm(folder, { recursive: true }))

const opens = (python: string): boolean => spawnSync(python, ['-c', 'import safetensors, numpy']).status === 0
const python = ['/usr/bin/python3', 'python3'].find(opens)
const needs = 'needs python3 with safetensors and numpy'
test.skipIf(python === undefined)(`Python's safetensors opens the file, its checksum is right (${needs})`, async () => {
  const path = join(folder, 'tree.safetensors')
  const tree = {
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
    count: NaN,
    places: tf.tensor1d([7, -1], 'int32'),
    mask: tf.tensor1d([true, false], 'bool'),
    scalar: tf.scalar(0.1)
  }
  await writeFile(path, await serialiseTree(tree, { recipe: 'x' }))
  const { stdout, stderr } = spawnSync(
    python!,
    [
      '-c',
      `
from safetensors import safe_open
def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8): crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return format(crc ^ 0xffffffff, "08x")
with safe_open(${JSON.stringify(path)}, "numpy") as f:
    print(sorted(f.keys()), f.metadata()["recipe"])
    for name in "stages.0.kernel", "places", "mask": print(f.get_tensor(name).tolist())
    told = f.metadata()["crc32c"]
print(crc32c(open(${JSON.stringify(path)}, "rb").read().replace(told.encode(), b"00000000", 1)) == told)
`
    ],
    { encoding: 'utf8' }
  )
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual([
    "['mask', 'places', 'scalar', 'stages.0.empty', 'stages.0.kernel'] x",
    '[[1.0, 2.5], [-3.0, 3.999999975690116e-08]]',
    '[7, -1]',
    '[True, False]',
    'True'
  ])
})
