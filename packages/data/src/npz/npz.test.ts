import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeNpz, encodeNpz, type NpyArray } from '../index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-npz-'))
})
afterAll(() => rm(folder, { recursive: true }))

const arrays: Readonly<Record<string, NpyArray>> = {
  features: { shape: [2, 3], data: Float32Array.of(0, 1, 2, -3, 4.5, 1e-8) },
  names: { shape: [2], data: ['näpfe/😀.jpg', 'b.png'] },
  labels: { shape: [2], data: Int32Array.of(3, -1) },
  pixels: { shape: [1, 2, 2], data: Uint8Array.of(0, 1, 254, 255) },
  precise: { shape: [], data: Float64Array.of(0.1) },
  large: { shape: [1, 1], data: BigInt64Array.of(-(2n ** 53n) - 1n) },
  none: { shape: [0, 4], data: new Float32Array() }
}

test('what is written is read again, element for element', () => {
  const read = decodeNpz(encodeNpz(arrays))
  expect(Object.keys(read)).toEqual(Object.keys(arrays))
  for (const [name, { shape, data }] of Object.entries(arrays)) expect(read[name]).toMatchObject({ shape, data })
  expect(read.names!.dtype).toBe('<U11')
})

test('a file is as NumPy writes it, and the same each time', () => {
  const bytes = encodeNpz({ x: { shape: [1], data: Uint8Array.of(7) } })
  const text = Buffer.from(bytes).toString('latin1')
  expect(text).toContain("x.npy\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }")
  expect(bytes).toEqual(encodeNpz({ x: { shape: [1], data: Uint8Array.of(7) } }))
})

test('some of the arrays may be asked for', () => {
  expect(Object.keys(decodeNpz(encodeNpz(arrays), ['labels', 'other']))).toEqual(['labels'])
})

test('a flipped bit anywhere in the numbers is seen, and so is an end that is missing', () => {
  const bytes = encodeNpz({ x: { shape: [4], data: Uint8Array.of(1, 2, 3, 4) } })
  const flipped = bytes.slice()
  flipped[Buffer.from(bytes).indexOf(Buffer.of(1, 2, 3, 4)) + 2]! ^= 16
  expect(() => decodeNpz(flipped)).toThrow('decodeNpz: expected a whole zip, but x.npy is not what was written.')
  expect(() => decodeNpz(bytes.subarray(0, -9))).toThrow('decodeNpz: expected a whole zip, but it does not end as one.')
  expect(() => decodeNpz(bytes.subarray(60))).toThrow('expected a whole zip, but its list of files is')
})

describe('what is no array is refused:', () => {
  test.each<[string, unknown, string]>([
    ['a shape that holds more', { shape: [3], data: Uint8Array.of(1) }, 'expected a shape of 1 elements, got [3].'],
    ['a shape of halves', { shape: [0.5, 2], data: Uint8Array.of(1) }, 'expected a shape of 1 elements, got [0.5, 2].'],
    [
      'a list of numbers',
      { shape: [1], data: [1] },
      'as a typed array of numbers or a list of texts, got a list of 1.'
    ],
    ['no shape', { data: Uint8Array.of(1) }, 'expected a shape, as in [2, 3], got undefined'],
    ['a text with a zero behind it', { shape: [1], data: ['a\0'] }, 'expected texts that do not end with a zero']
  ])('%s', (_, array, words) => {
    expect(() => encodeNpz({ x: array as NpyArray })).toThrow(`encodeNpz, x: `)
    expect(() => encodeNpz({ x: array as NpyArray })).toThrow(words)
  })
})

// Where the tests need more than NumPy, a virtual environment has it.
const opens = (python: string): boolean => spawnSync(python, ['-c', 'import numpy']).status === 0
const python = ['python3', '/usr/bin/python3'].find(opens)
const inPython = (program: string): string => {
  const { status, stdout, stderr } = spawnSync(python!, ['-c', program], { cwd: folder, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout
}

describe.skipIf(python === undefined)('with NumPy (needs python3 with numpy)', () => {
  test('NumPy opens what is written', async () => {
    await writeFile(join(folder, 'ours.npz'), encodeNpz(arrays))
    const said = inPython(
      "import json, numpy as n; f = n.load('ours.npz'); " +
        'print(json.dumps({k: [f[k].dtype.str, list(f[k].shape), f[k].tolist()] for k in f.files}))'
    )
    expect(JSON.parse(said.replace('1e-08', '1e-8'))).toEqual({
      features: ['<f4', [2, 3], [[...Float32Array.of(0, 1, 2)], [...Float32Array.of(-3, 4.5, 1e-8)]]],
      names: ['<U11', [2], ['näpfe/😀.jpg', 'b.png']],
      labels: ['<i4', [2], [3, -1]],
      pixels: [
        '|u1',
        [1, 2, 2],
        [
          [
            [0, 1],
            [254, 255]
          ]
        ]
      ],
      precise: ['<f8', [], 0.1],
      large: ['<i8', [1, 1], [[Number(-(2n ** 53n) - 1n)]]],
      none: ['<f4', [0, 4], []]
    })
  })

  test.each(['savez', 'savez_compressed'])('%s is read: every type, either order', async how => {
    inPython(
      `import numpy as n; x = n.arange(24).reshape(2, 3, 4); n.${how}('theirs.npz', ` +
        "**{t: x.astype(t) for t in 'u1 i1 u2 >i2 u4 >i4 u8 >i8 >f4 f8'.split()}, half=(x / 8).astype('f2'), " +
        "truths=x % 2 == 0, fortran=n.asfortranarray(x, 'f4'), names=n.array(['a', 'bö', '']), " +
        "turned=n.array(['ab']).astype('>U3'), bytes=n.array([b'ab', b'c']), one=n.float32(2.5))"
    )
    const read = decodeNpz(await readFile(join(folder, 'theirs.npz')))
    const plain = (name: string): unknown[] => Array.from(read[name]!.data as ArrayLike<unknown>, one => one)
    const counted = Array.from({ length: 24 }, (_, i) => i)
    for (const name of ['u1', 'i1', 'u2', '>i2', 'u4', '>i4', '>f4', 'f8', 'fortran']) {
      expect(read[name]!.shape, name).toEqual([2, 3, 4])
      expect(plain(name), name).toEqual(counted)
    }
    for (const name of ['u8', '>i8']) expect(plain(name), name).toEqual(counted.map(BigInt))
    expect(plain('half')).toEqual(counted.map(i => i / 8))
    expect(plain('truths')).toEqual(counted.map(i => 1 - (i % 2)))
    expect([plain('names'), plain('turned'), plain('bytes')]).toEqual([['a', 'bö', ''], ['ab'], ['ab', 'c']])
    expect([read.one!.shape, plain('one'), read.truths!.dtype]).toEqual([[], [2.5], '|b1'])
  })

  test('objects and records are refused', async () => {
    inPython(
      "import numpy as n; n.savez('o.npz', o=n.array([{}], object)); n.savez('r.npz', r=n.zeros(2, 'i4,f4')); " +
        "n.savez('c.npz', c=n.zeros(2, 'c8'))"
    )
    const read = async (name: string): Promise<unknown> => decodeNpz(await readFile(join(folder, name)))
    await expect(read('o.npz')).rejects.toThrow('decodeNpz, o: expected numbers or texts, got objects')
    await expect(read('r.npz')).rejects.toThrow("decodeNpz, r: expected numbers or texts, got elements of type [('f0'")
    await expect(read('c.npz')).rejects.toThrow('decodeNpz, c: expected numbers or texts, got elements of type <c8')
  })
})
