import { checkOptions } from '@lapstrake/core'
import { bytesOf, isDtype, isShape } from './dtypes.ts'
import type { Safetensors, StoredTensor } from './encode-safetensors.ts'
import { isRecord, jsonRecord } from './json-record.ts'
import { faultOfSeal, sealKey } from './seal.ts'
import { shown } from './shown.ts'

export interface DecodeSafetensorsOptions {
  /** What errors call the file. */
  readonly name?: string | undefined
}

/** The content of a safetensors file, and whether a checksum vouches for it. */
export interface DecodedSafetensors extends Safetensors {
  readonly sealed: boolean
}

/** The format's own limit of a header's length. */
const longest = 100_000_000

type Fail = (what: string) => never

/**
 * Reads the safetensors format, and nothing that is not it. The bytes of the tensors are those of `file`, not copies.
 *
 * A file of {@link encodeSafetensors} has a checksum, which is verified; one of another program has none. Tensors of
 * types that are newer than {@link Dtype} are given as they are.
 *
 * @throws Error that names the file and says what is wrong with it: cut short, not JSON, offsets that overlap, leave
 * gaps or do not fit shapes, a checksum that does not fit, or none in a file of lapstrake's
 */
export function decodeSafetensors(file: Uint8Array, options: DecodeSafetensorsOptions = {}): DecodedSafetensors {
  checkOptions<DecodeSafetensorsOptions>('decodeSafetensors', options, { name: 'string' })
  const { name = 'safetensors' } = options
  if (!(file instanceof Uint8Array))
    throw new TypeError(`${name}: expected the bytes of a file, as a Uint8Array, got ${typeof file}.`)
  const fail: Fail = what => {
    throw new Error(
      `${name}: expected a safetensors file, got one ${what}. Put back a copy, or load it again from where it came.`
    )
  }
  if (file.length < 8) fail(`of ${file.length} bytes: it is cut short`)
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true))
  const claim = `whose header of ${length} bytes is longer than`
  if (length > file.length - 8) fail(`${claim} the file: it is cut short, or of another format`)
  if (length > longest) fail(`${claim} the ${longest} of the format`)
  const header = textOf(file.subarray(8, 8 + length), fail)
  const damaged: Fail = what => fail(`whose header ${what}: it is damaged, or of another format`)
  const { __metadata__: about, ...entries } = jsonRecord(header, damaged)
  const { [sealKey]: told, ...metadata } = wordsOf(about ?? {}, damaged)
  const tensors = tensorsOf(entries, file.subarray(8 + length), fail)
  const fault = told === undefined ? undefined : faultOfSeal(told, header, file)
  if (fault !== undefined) {
    fail(`${fault}: it is damaged, or another program changed it and left "${sealKey}" in its metadata`)
  }
  const { format = '' } = metadata
  if (told === undefined && format.startsWith('lapstrake-')) {
    fail(`of the format ${format} without a checksum: it is damaged, or a lapstrake older than checksums wrote it`)
  }
  return { tensors, metadata, sealed: told !== undefined }
}

function textOf(bytes: Uint8Array, fail: Fail): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return fail('whose header is not JSON, nor any text: it is damaged, or of another format')
  }
}

function wordsOf(about: unknown, damaged: Fail): Readonly<Record<string, string>> {
  const known = isRecord(about) && Object.values(about).every(word => typeof word === 'string')
  return known ? (about as Readonly<Record<string, string>>) : damaged('has metadata that are no texts by name')
}

interface Entry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly from: number
  readonly to: number
}

/** The tensors of a header in the order of their bytes, which must be all of `data`. */
function tensorsOf(
  entries: Readonly<Record<string, unknown>>,
  data: Uint8Array,
  fail: Fail
): Readonly<Record<string, StoredTensor>> {
  let end = 0
  const tensors = Object.entries(entries)
    .map(([name, entry]) => entryOf(name, entry, fail))
    // An empty tensor comes before the one that begins where it ends.
    .sort((a, b) => a.from - b.from || a.to - b.to)
    .map(({ name, dtype, shape, from, to }) => {
      if (from !== end) fail(`whose ${shown(name)} begins at ${from}, not at ${end}: its header is damaged`)
      if (to > data.length) fail(`that ends within ${shown(name)}: it is cut short`)
      end = to
      return [name, { dtype, shape, bytes: data.subarray(from, to) }] as const
    })
  if (end !== data.length) fail(`with ${data.length - end} bytes behind its last tensor`)
  return Object.fromEntries(tensors)
}

/** An entry of a header by itself. */
function entryOf(name: string, entry: unknown, fail: Fail): Entry {
  const damaged: Fail = what => fail(`whose ${shown(name)} ${what}: its header is damaged`)
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {}
  if (typeof dtype !== 'string') return damaged('has no type')
  if (!isShape(shape)) return damaged('has a shape that is no list of whole numbers')
  if (!isShape(offsets) || offsets.length !== 2) return damaged('does not say where it begins and ends')
  const [from, to] = offsets as readonly [number, number]
  const needed = isDtype(dtype) ? bytesOf(dtype, shape) : Math.max(0, to - from)
  const form = `${shown(name)} of shape [${shown(shape.join(', '))}]`
  if (needed === undefined) return fail(`with ${form}, which is more ${dtype} than can be, or a part of a byte`)
  if (to - from !== needed) return fail(`with ${to - from} bytes for ${form}, which needs ${needed}`)
  return { name, dtype, shape, from, to }
}
