import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import { describe, expect, test } from 'vitest'
import { decodeSafetensors, deserialiseTensors, deserialiseTree, encodeSafetensors, serialiseTree } from './index.ts'
import { entry, fileOf } from './testing/file-of.ts'

const name = 'runs/a/state.safetensors'
const missed =
  `${name}: expected a checksum, got none, as in files of other programs. ` +
  'Damage to its numbers would not be noticed.'
const tree = {
  stages: [
    {
      kernel: tf.tensor2d([
        [1, 2.5],
        [-3, 4e-8]
      ]),
      empty: tf.zeros([0, 3])
    },
    { bias: seeded(7).normal([40]) }
  ],
  step: 240,
  rate: 0.1,
  places: tf.tensor1d([7, -1], 'int32'),
  mask: tf.tensor1d([true, false], 'bool')
}
const flipped = (file: Uint8Array, bit: number): Uint8Array => {
  const bytes = file.slice()
  bytes[bit >> 3]! ^= 1 << (bit & 7)
  return bytes
}
/** What is wrong with a file by its name, or else its whole content. */
const look = (file: Uint8Array): unknown => {
  try {
    return decodeSafetensors(file, { name })
  } catch (error) {
    expect((error as Error).message).toMatch(/^runs\/a\/state\.safetensors: expected .*\.$/s)
    return 'refused'
  }
}

describe('a flipped bit', () => {
  test('of 200 in the data, the header and the metadata of a run is noticed', async () => {
    const about = { format: 'lapstrake-run-1', run: JSON.stringify({ name: 'loco', seed: 1 }) }
    const file = await serialiseTree(tree, about)
    const length = Number(new DataView(file.buffer).getBigUint64(0, true))
    const metadata = new TextDecoder().decode(file).indexOf('}')
    const parts = [
      [0, 8],
      [8, metadata],
      [metadata, 8 + length],
      [8 + length, file.length]
    ] as const
    const draws = seeded(14).uniforms(400)
    for (let i = 0; i < 200; i++) {
      const [from, to] = parts[i % 4]!
      const bit = 8 * from + Math.floor(draws[2 * i]! * 8 * (to - from))
      expect(() => deserialiseTree(flipped(file, bit), tree, { name, onWarning: () => {} }), `bit ${bit}`).toThrow(
        /^runs\/a\/state\.safetensors: expected .*\.$/s
      )
    }
  })

  test('is noticed wherever it is', async () => {
    const about = { format: 'lapstrake-weights-1', recipe: 'x' }
    const file = await serialiseTree({ a: tf.tensor1d([1, -0.5]), b: 3 }, about)
    for (let bit = 0; bit < 8 * file.length; bit++) expect(look(flipped(file, bit)), `bit ${bit}`).toBe('refused')
  })

  test('in a file without a format may hide the checksum, which is then missed; the numbers are right', async () => {
    const like = { a: tf.tensor1d([1, -0.5]), b: 3 }
    const file = await serialiseTree(like)
    const whole = decodeSafetensors(file)
    let hidden = 0
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const found = look(flipped(file, bit))
      if (found === 'refused') continue
      const { tensors, sealed } = found as ReturnType<typeof decodeSafetensors>
      expect({ tensors, sealed }, `bit ${bit}`).toEqual({ tensors: whole.tensors, sealed: false })
      const warnings: string[] = []
      const onWarning = (warning: string): unknown => warnings.push(warning)
      expect(deserialiseTree(flipped(file, bit), like, { name, onWarning }).b).toBe(3)
      expect(warnings).toEqual([missed])
      hidden++
    }
    // Of the 48 bits of the key, those that give another letter that may stand in JSON.
    expect(hidden).toBeGreaterThan(20)
    expect(hidden).toBeLessThan(48)
  })
})

describe('a checksum', () => {
  const metadata = { format: 'lapstrake-run-1' }
  test('is kept from whoever reads, and renewed with every writing', () => {
    const file = encodeSafetensors({ tensors: {}, metadata: { crc32c: 'ffffffff', ...metadata } })
    expect(decodeSafetensors(file)).toEqual({ tensors: {}, metadata, sealed: true })
    expect(file).toEqual(encodeSafetensors({ tensors: {}, metadata }))
  })

  test("is asked of every file of lapstrake's", () =>
    expect(() => decodeSafetensors(fileOf({ __metadata__: metadata }, 0), { name })).toThrow(
      `${name}: expected a safetensors file, got one of the format lapstrake-run-1 without a checksum: ` +
        'it is damaged, or a lapstrake older than checksums wrote it. Put back a copy'
    ))

  test('is not asked of files of other programs, but its absence is told', () => {
    const file = fileOf({ a: entry('F32', [1], 0, 4) }, 4)
    const warnings: string[] = []
    const options = { name, onWarning: (warning: string): unknown => warnings.push(warning) }
    expect(Object.keys(deserialiseTensors(file, options))).toEqual(['a'])
    expect(deserialiseTree(file, { a: tf.zeros([1]) }, options).a.shape).toEqual([1])
    expect(warnings).toEqual([missed, missed])
  })

  test.each([
    ['elsewhere', '{"__metadata__": {"crc32c":"00000000"}}'],
    ['of other digits', '{"__metadata__":{"crc32c":"0000000A"}}'],
    ['too short', '{"__metadata__":{"crc32c":""}}'],
    ['in other letters', '{"__metadata__":{"crc32c":"\\u0030000000a"}}'],
    ['that does not fit', '{"__metadata__":{"crc32c":"00000000"}}']
  ])('%s is refused', (_, header) =>
    expect(() => decodeSafetensors(fileOf(header, 0), { name })).toThrow(
      /^runs.*: expected .*, got one .*: it is damaged, or another program changed it and left "crc32c"/
    )
  )
})
