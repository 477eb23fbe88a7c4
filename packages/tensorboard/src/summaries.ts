import { encode } from 'fast-png'
import type { Summary } from './event.ts'

/** Rows from the top, pixels from the left, channels last; 0 to 1 in floats, 0 to 255 in bytes. */
export interface Pixels {
  readonly data: Float32Array | Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
  /** 1 for grey, 3 for colour, 4 with opacity. */
  readonly channels: number
}

export interface HistogramOptions {
  /** Bars of equal width between the least and the greatest value. */
  readonly bars?: number
}

/** A point of a curve. Tags with a common beginning before a slash are shown together. */
export const scalar = (tag: string, value: number): Summary => ({ tag, simpleValue: value })

/** How values are spread. Those that are not finite are left out. */
export function histogram(tag: string, values: ArrayLike<number>, { bars = 30 }: HistogramOptions = {}): Summary {
  if (!Number.isInteger(bars) || bars < 1) throw new RangeError(`histogram: expected one or more bars, got ${bars}. Try 30.`)
  let [min, max, count, sum, squares] = [Infinity, -Infinity, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
    count++
    sum += value
    squares += value * value
  }
  if (count === 0) [min, max] = [0, 0]
  const bucket = new Array<number>(bars).fill(0)
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!)) bucket[max === min ? 0 : Math.min(bars - 1, Math.floor((values[i]! - min) / (max - min) * bars))]!++
  }
  const bucketLimit = bucket.map((_, i) => (i === bars - 1 ? max : min + (i + 1) / bars * (max - min)))
  return { tag, histo: { min, max, num: count, sum, sumSquares: squares, bucketLimit, bucket } }
}

/**
 * A picture, kept as PNG.
 *
 * @throws RangeError if the pixels are not as many as their shape says
 */
export const image = (tag: string, pixels: Pixels): Summary =>
  ({ tag, image: { height: pixels.height, width: pixels.width, colorspace: pixels.channels, encodedImageString: png(pixels) } })

/** Pixels as a PNG file. */
export function png({ data, width, height, channels }: Pixels): Uint8Array {
  if (![1, 3, 4].includes(channels) || data.length !== width * height * channels) {
    throw new RangeError(`image: expected 1, 3 or 4 channels and ${height} × ${width} × ${channels} = ${width * height * channels} numbers, got ${data.length}.`)
  }
  const bytes = data instanceof Float32Array ? Uint8ClampedArray.from(data, value => 255 * value) : Uint8ClampedArray.from(data)
  return encode({ data: bytes, width, height, channels: channels as 1 | 3 | 4 })
}
