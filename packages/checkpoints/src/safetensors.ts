/** Kinds of numbers read here; the format knows more. */
export type Dtype = 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U8' | 'BOOL'

/** A tensor as bytes. */
export interface StoredTensor {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Little-endian numbers, one after another, the last axis fastest. */
  readonly bytes: Uint8Array
}

/** The content of a safetensors file: tensors by name, and words about them. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, StoredTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

const widthOf: Readonly<Record<Dtype, number>> = { F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 }
const bytesOf = (dtype: Dtype, shape: readonly number[]): number => shape.reduce((size, length) => size * length, widthOf[dtype])

/**
 * Writes the safetensors format (https://github.com/huggingface/safetensors): the length of the header in eight bytes, the
 * header as JSON padded with spaces to a multiple of eight, then the tensors in the order given.
 *
 * @throws Error if a tensor has more or fewer bytes than its shape needs
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  let end = 0
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
    if (bytes.length !== bytesOf(dtype, shape)) {
      throw new Error(`encodeSafetensors: expected ${bytesOf(dtype, shape)} bytes for ${name} of shape [${shape.join(', ')}], got ${bytes.length}.`)
    }
    return [name, { dtype, shape, data_offsets: [end, end += bytes.length] }] as const
  })
  const json = JSON.stringify({ ...(Object.keys(metadata).length > 0 && { __metadata__: metadata }), ...Object.fromEntries(entries) })
  const encoded = new TextEncoder().encode(json)
  const header = Math.ceil(encoded.length / 8) * 8
  const file = new Uint8Array(8 + header + end).fill(0x20, 8, 8 + header)
  new DataView(file.buffer).setBigUint64(0, BigInt(header), true)
  file.set(encoded, 8)
  let at = 8 + header
  for (const { bytes } of Object.values(tensors)) {
    file.set(bytes, at)
    at += bytes.length
  }
  return file
}

/**
 * Reads the safetensors format, and nothing that is not it.
 *
 * @throws Error that says what is wrong with the file: cut short, not JSON, offsets that overlap, leave gaps or do not fit shapes
 */
export function decodeSafetensors(file: Uint8Array): Safetensors {
  const fail = (what: string): never => { throw new Error(`decodeSafetensors: expected a safetensors file, got one ${what}.`) }
  if (file.length < 8) fail(`of ${file.length} bytes: it is cut short`)
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true))
  if (length > file.length - 8) fail(`whose header of ${length} bytes is longer than the file: it is cut short, or of another format`)
  let header: Record<string, unknown>
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.subarray(8, 8 + length))) as Record<string, unknown>
  } catch {
    return fail('whose header is not JSON: it is damaged, or of another format')
  }
  const { __metadata__: metadata = {}, ...entries } = header
  const data = file.subarray(8 + length)
  const tensors: Record<string, StoredTensor> = {}
  let end = 0
  for (const [name, entry] of Object.entries(entries).sort(([, a], [, b]) => offsetsOf(a)[0] - offsetsOf(b)[0])) {
    const { dtype, shape } = entry as { dtype: Dtype; shape: number[] }
    const [from, to] = offsetsOf(entry)
    if (!(dtype in widthOf)) fail(`with ${name} of type ${dtype}, where only ${Object.keys(widthOf).join(', ')} are read here`)
    if (!Array.isArray(shape) || !shape.every(length => Number.isInteger(length) && length >= 0)) fail(`with ${name} of the shape ${JSON.stringify(shape)}`)
    if (from !== end) fail(`whose ${name} begins at ${from}, not at ${end}: its header is damaged`)
    if (to - from !== bytesOf(dtype, shape)) fail(`with ${to - from} bytes for ${name} of shape [${shape.join(', ')}], which needs ${bytesOf(dtype, shape)}`)
    if (to > data.length) fail(`that ends within ${name}: it is cut short`)
    tensors[name] = { dtype, shape, bytes: data.subarray(from, to) }
    end = to
  }
  if (end !== data.length) fail(`with ${data.length - end} bytes behind its last tensor`)
  return { tensors, metadata: metadata as Record<string, string> }
}

function offsetsOf(entry: unknown): readonly [number, number] {
  const offsets = (entry as { data_offsets?: unknown } | null)?.data_offsets
  return Array.isArray(offsets) && offsets.length === 2 ? offsets as [number, number] : [NaN, NaN]
}
