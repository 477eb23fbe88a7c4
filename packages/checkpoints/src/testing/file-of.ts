/** A file of a header as it stands, and of some zeros: what a test wants to be wrong is not mended. */
export function fileOf(header: string | Uint8Array | object, zeros: number): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header)
  const bytes = header instanceof Uint8Array ? header : new TextEncoder().encode(text)
  const file = new Uint8Array(8 + bytes.length + zeros)
  new DataView(file.buffer).setBigUint64(0, BigInt(bytes.length), true)
  file.set(bytes, 8)
  return file
}

/** What a header says of a tensor. */
export const entry = (dtype: string, shape: readonly number[], from: number, to: number): object => ({
  dtype,
  shape,
  data_offsets: [from, to]
})
