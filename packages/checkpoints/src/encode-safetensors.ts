import { checkGiven } from '@lapstrake/core'
import { bytesOf, dtypes, isDtype, isShape, type Dtype } from './dtypes.ts'
import { blank, seal, sealKey } from './seal.ts'

/** A tensor as bytes. */
export interface StoredTensor {
  /** One of {@link Dtype}; a file may hold one that is newer than these. */
  readonly dtype: Dtype | (string & {})
  readonly shape: readonly number[]
  /** Little-endian numbers, one after another, the last axis fastest. */
  readonly bytes: Uint8Array
}

/** The content of a safetensors file: tensors by name, and words about them. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, StoredTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Writes the safetensors format (https://github.com/huggingface/safetensors): the length of the header in eight bytes,
 * the header as JSON padded with spaces to a multiple of eight, then the tensors in the order given.
 *
 * The first of the metadata, `crc32c`, is a checksum of the whole file, with zeros in the place of its eight digits.
 *
 * @throws Error if a tensor is of a type that the format has not, or has more or fewer bytes than its shape needs, or
 * if metadata are no texts
 */
export function encodeSafetensors(content: Safetensors): Uint8Array {
  checkGiven('encodeSafetensors', 'a record, as in { tensors, metadata }', content, 'record')
  const { tensors, metadata } = content
  checkGiven('encodeSafetensors', 'tensors by name', tensors, 'record')
  checkGiven('encodeSafetensors', 'metadata by name, as in {}', metadata, 'record')
  const { [sealKey]: _, ...words } = metadata
  for (const [key, word] of Object.entries(words)) {
    if (typeof word === 'string') continue
    throw new Error(`encodeSafetensors: expected texts as metadata, got ${typeof word} for ${key}. Use JSON.stringify.`)
  }
  let end = 0
  const entries = Object.entries(tensors).map(([name, tensor]) => {
    check(name, tensor)
    const { dtype, shape, bytes } = tensor
    return [name, JSON.stringify({ dtype, shape, data_offsets: [end, (end += bytes.length)] })] as const
  })
  const about = Object.entries(words).map(([key, word]) => [key, JSON.stringify(word)] as const)
  const metadataJson = objectOf([[sealKey, `"${blank}"`], ...about])
  const header = new TextEncoder().encode(objectOf([['__metadata__', metadataJson], ...entries]))
  const data = 8 + Math.ceil(header.length / 8) * 8
  const file = new Uint8Array(data + end).fill(0x20, 8, data)
  new DataView(file.buffer).setBigUint64(0, BigInt(data - 8), true)
  file.set(header, 8)
  let at = data
  for (const { bytes } of Object.values(tensors)) {
    file.set(bytes, at)
    at += bytes.length
  }
  seal(file)
  return file
}

function check(name: string, { dtype, shape, bytes }: StoredTensor): void {
  const fail = (expected: string, got: string): never => {
    throw new Error(`encodeSafetensors: expected ${expected}, got ${got}.`)
  }
  if (name === '__metadata__') fail('tensors of other names', `${name}, which the format keeps for itself`)
  if (!isDtype(dtype)) return fail(`${name} of one of the types ${dtypes.join(', ')}`, dtype)
  if (!isShape(shape)) return fail(`${name} of a shape of whole numbers`, `[${String(shape)}]`)
  const size = bytesOf(dtype, shape)
  if (bytes.length === size) return
  fail(`${size ?? 'whole'} bytes for ${name} of shape [${shape.join(', ')}]`, String(bytes.length))
}

/** A JSON object of members that are JSON already. An object of JavaScript would put names that are numbers first. */
const objectOf = (members: readonly (readonly [name: string, json: string])[]): string =>
  `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`
