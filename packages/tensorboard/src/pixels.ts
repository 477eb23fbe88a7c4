import { checkGiven } from '@lapstrake/core/options'
import { encode } from 'fast-png'

/** Rows from the top, pixels from the left, channels last; 0 to 1 in floats, 0 to 255 in bytes. */
export interface Pixels {
  readonly data: Float32Array | Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
  /** 1 for grey, 3 for colour, 4 with opacity. */
  readonly channels: number
}

/** Pixels from 0 to 255. */
export const bytesOf = ({ data }: Pixels): Uint8Array | Uint8ClampedArray =>
  data instanceof Float32Array ? Uint8ClampedArray.from(data, value => 255 * value) : data

/** Pixels as a PNG file. */
export const png = (pixels: Pixels): Uint8Array =>
  encode({ ...pixels, data: bytesOf(pixels), channels: pixels.channels as 1 | 3 | 4 })

/** @throws RangeError if the pixels are not as many as their shape says, or of a shape that cannot be shown */
export function checkPixels(who: string, pixels: Pixels): void {
  checkGiven(who, 'pixels, as in { data, width, height, channels }', pixels, 'record')
  const { data, width, height, channels } = pixels
  if (![width, height].every(length => Number.isInteger(length) && length > 0)) {
    throw new RangeError(
      `${who}: expected a width and a height of whole pixels, got ${width} and ${height}. Count them.`
    )
  }
  if (![1, 3, 4].includes(channels)) {
    throw new RangeError(`${who}: expected 1, 3 or 4 channels, got ${channels}. Choose those that are to be seen.`)
  }
  const count = height * width * channels
  checkGiven(who, 'the numbers of the pixels', data, 'list')
  if (data.length !== count) {
    throw new RangeError(
      `${who}: expected ${height} × ${width} × ${channels} = ${count} numbers, got ${data.length}. ` +
        `Give one picture at a time.`
    )
  }
}
