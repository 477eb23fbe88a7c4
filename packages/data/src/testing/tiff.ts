/** What a TIFF file is made of, beside the bytes of its pixels. */
export interface TiffParts {
  /** Height and width. */
  readonly edge: number
  /** Numbers of a pixel. */
  readonly channels: number
  readonly bits?: number | undefined
  /** 1 for whole numbers, 2 for signed ones, 3 for floats. */
  readonly format?: number | undefined
  readonly compression?: number | undefined
  readonly photometric?: number | undefined
  /** Stretches of rows that are stored each on its own. */
  readonly strips?: number | undefined
}

/** A TIFF file whose directory stands before its pixels, so that what is cut off its end are pixels. */
export function tiff(pixels: Uint8Array | Uint16Array | Float32Array, parts: TiffParts): Uint8Array<ArrayBuffer> {
  const { edge, channels, bits = 8 * pixels.BYTES_PER_ELEMENT, format = 1, compression = 1, strips = 1 } = parts
  const { photometric = channels === 1 ? 1 : channels === 3 ? 2 : 5 } = parts
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength)
  const each = bytes.length / strips
  const [short, long] = [3, 4]
  const count = 10
  const behind = 8 + 2 + 12 * count + 4
  const lists = { bits: behind, formats: behind + 2 * channels, offsets: behind + 4 * channels }
  const counts = lists.offsets + 4 * strips
  const data = counts + 4 * strips
  const file = new DataView(new ArrayBuffer(data + bytes.length))
  file.setUint32(0, 0x49492a00)
  file.setUint32(4, 8, true)
  file.setUint16(8, count, true)
  const entries: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, long, 1, edge],
    [257, long, 1, edge],
    [258, short, channels, channels > 2 ? lists.bits : bits],
    [259, short, 1, compression],
    [262, short, 1, photometric],
    [273, long, strips, strips > 1 ? lists.offsets : data],
    [277, short, 1, channels],
    [278, long, 1, edge / strips],
    [279, long, strips, strips > 1 ? counts : each],
    [339, short, channels, channels > 2 ? lists.formats : format]
  ]
  entries.forEach(([tag, type, length, value], i) => {
    const at = 10 + 12 * i
    file.setUint16(at, tag, true)
    file.setUint16(at + 2, type, true)
    file.setUint32(at + 4, length, true)
    file.setUint32(at + 8, value, true)
  })
  for (let c = 0; c < channels; c++) {
    file.setUint16(lists.bits + 2 * c, bits, true)
    file.setUint16(lists.formats + 2 * c, format, true)
  }
  for (let i = 0; i < strips; i++) {
    file.setUint32(lists.offsets + 4 * i, data + i * each, true)
    file.setUint32(counts + 4 * i, each, true)
  }
  const all = new Uint8Array(file.buffer)
  all.set(bytes, data)
  return all
}
