import '@tensorflow/tfjs-backend-cpu'
import { dispose } from '@lapstrake/core'
import { describeFuzz } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { decodeSafetensors, deserialiseTensors, deserialiseTree, encodeSafetensors, serialiseTree } from './index.ts'
import { seal } from './seal.ts'
import { entry, fileOf } from './testing/file-of.ts'

const name = 'weights.safetensors'
const quiet = { name, onWarning: (): void => {} }

/** Reads a file in all three ways; the last is asked for what the second found. */
function read(file: Uint8Array): void {
  const stored = Object.entries(decodeSafetensors(file, { name }).tensors)
  const tensors = deserialiseTensors(file, quiet)
  try {
    const ofTrees = stored.filter(([, { dtype }]) => ['F32', 'I32', 'BOOL'].includes(dtype))
    const like = Object.fromEntries(ofTrees.map(([key]) => [key, tensors[key]]))
    dispose(deserialiseTree(file, like, { ...quiet, ignoreRest: true }))
  } finally {
    dispose(tensors)
  }
}

/** Makes the length of a header right again, and the checksum where there is one. */
function restamp(damaged: Uint8Array): Uint8Array {
  const file = damaged.slice()
  if (file.length < 8) return file
  const text = Buffer.from(file).toString('latin1', 8)
  const end = endOfObject(text)
  if (end !== undefined) new DataView(file.buffer).setBigUint64(0, BigInt(end), true)
  if (text.startsWith('{"__metadata__":{"crc32c":"') && text.length > 35) seal(file)
  return file
}

/** Where the object ends that a text begins with, and the spaces behind it. */
function endOfObject(text: string): number | undefined {
  let depth = 0
  for (const { 0: found, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (found === '{') depth++
    if (found === '}' && --depth === 0) return index + /^} */.exec(text.slice(index))![0].length
  }
  return undefined
}

const widths = { BOOL: 1, U8: 1, I16: 2, U32: 4, I64: 8, F16: 2, BF16: 2, F64: 8, C64: 8, F8_E4M3: 1, F8_E8M0: 1 }
const stage = {
  kernel: tf.tensor2d([
    [1, 2.5],
    [-3, 4e-8]
  ]),
  empty: tf.zeros([0, 3])
}
const about = { format: 'lapstrake-run-1', run: JSON.stringify({ name: 'loco', seed: 1, step: 24 }) }
const inputs = [
  await serialiseTree({ stages: [stage], rate: NaN, step: 24 }, about),
  await serialiseTree({ places: tf.tensor1d([7, -1], 'int32'), mask: tf.tensor1d([true, false], 'bool'), '': 0.5 }),
  encodeSafetensors({
    tensors: Object.fromEntries(
      Object.entries(widths).map(([dtype, width]) => [
        `${dtype}."x"`,
        { dtype, shape: [2, 1], bytes: new Uint8Array(2 * width).fill(1) }
      ])
    ),
    metadata: { ['__proto__']: 'é' }
  }),
  fileOf({ a: entry('F32', [2], 0, 8), b: entry('I32', [0, 4], 8, 8), c: entry('I128', [1], 8, 24) }, 24),
  fileOf({ __metadata__: null, 'layers.0.weight': entry('BF16', [2, 2], 0, 8) }, 8)
]

describeFuzz('safetensors', { inputs, read, restamp, allowed: /^weights\.safetensors: expected .*\.$/s })

test('stamping leaves whole files whole, and makes damaged ones right', () => {
  for (const input of inputs) expect(restamp(input)).toEqual(input)
  const [file] = inputs as [Uint8Array]
  const damaged = file.slice()
  damaged[file.length - 1]! ^= 1
  expect(() => read(damaged)).toThrow('with a checksum of')
  expect(() => read(restamp(damaged))).not.toThrow()
  expect(tf.memory().numTensors).toBe(4)
})
