/** Where the first picture of an animation lies on its canvas. */
export interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * The first picture of a GIF, where it does not fill the canvas: decoders that know no transparency fill the rest with
 * black. Nothing where it does, or where the file is none that can be decoded.
 */
export function frameOf(bytes: Uint8Array): (Frame & { readonly canvas: Pick<Frame, 'width' | 'height'> }) | undefined {
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== 'GIF8') return undefined
  const short = (at: number): number => (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)
  const canvas = { width: short(6), height: short(8) }
  const colours = bytes[10] ?? 0
  let at = 13 + (colours & 0x80 ? 3 * 2 ** ((colours & 7) + 1) : 0)
  // Extensions: blocks that each tell their length, up to an empty one.
  while (bytes[at] === 0x21) {
    at += 2
    while (bytes[at]) at += 1 + bytes[at]!
    at++
  }
  if (bytes[at] !== 0x2c) return undefined
  const [left, top] = [short(at + 1), short(at + 3)]
  const [width, height] = [Math.min(short(at + 5), canvas.width - left), Math.min(short(at + 7), canvas.height - top)]
  const fills = left === 0 && top === 0 && width === canvas.width && height === canvas.height
  return fills || width <= 0 || height <= 0 ? undefined : { left, top, width, height, canvas }
}
