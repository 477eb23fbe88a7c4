import { checkGiven, checkOptions } from '@lapstrake/core/options'
import type { Summary } from './event.ts'
import { checkPixels, png, type Pixels } from './pixels.ts'

export interface HistogramOptions {
  /** Bars of equal width between the least and the greatest value. */
  readonly bars?: number | undefined
}

/** A point of a curve. Tags with a common beginning before a slash are shown together. */
export function scalar(tag: string, value: number): Summary {
  checkGiven('scalar', 'a tag, as in loss/unit0', tag, 'string')
  checkGiven('scalar', 'a number', value, 'number')
  return { tag, simpleValue: value }
}

/**
 * How values are spread. Those that are not finite are left out, here and in `num`.
 *
 * Not every TensorBoard draws a bar without a width, so values that are all the same, or nearly so, stand in bars about
 * them: from -1e-12 to 1e-12 if they are zero, and otherwise each of a millionth of them.
 *
 * @throws RangeError if there is to be less than one bar
 */
export function histogram(tag: string, values: ArrayLike<number>, options: HistogramOptions = {}): Summary {
  checkOptions<HistogramOptions>('histogram', options, { bars: 'number' })
  checkGiven('histogram', 'a tag, as in loss/unit0', tag, 'string')
  checkGiven('histogram', 'a list of numbers', values, 'list')
  const { bars = 30 } = options
  if (!Number.isInteger(bars) || bars < 1) {
    throw new RangeError(`histogram: expected one or more bars, got ${bars}. Try 30.`)
  }
  const { num, sum, sumSquares, ...found } = statistics(values)
  const [min, max] = widened(found.min, found.max, bars)
  const bucket = new Array<number>(bars).fill(0)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (fits(value)) bucket[Math.min(bars - 1, Math.floor(((value - min) / (max - min)) * bars))]!++
  }
  const bucketLimit = bucket.map((_, i) => (i === bars - 1 ? max : min + ((i + 1) / bars) * (max - min)))
  return { tag, histo: { min, max, num, sum, sumSquares, bucketLimit, bucket } }
}

/**
 * A picture, kept as PNG.
 *
 * @throws RangeError if the pixels are not as many as their shape says
 */
export function image(tag: string, pixels: Pixels): Summary {
  checkGiven('image', 'a tag, as in views/0', tag, 'string')
  checkPixels('image', pixels)
  const { height, width, channels } = pixels
  return { tag, image: { height, width, colorspace: channels, encodedImageString: png(pixels) } }
}

/** TensorBoard keeps float32. */
const fits = (value: number): boolean => Number.isFinite(Math.fround(value))

function statistics(values: ArrayLike<number>): Record<'min' | 'max' | 'num' | 'sum' | 'sumSquares', number> {
  let [min, max, num, sum, sumSquares] = [Infinity, -Infinity, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!fits(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
    num++
    sum += value
    sumSquares += value * value
  }
  return num === 0 ? { min: 0, max: 0, num, sum, sumSquares } : { min, max, num, sum, sumSquares }
}

/** An interval wide enough for each bar to have a width in float32. */
function widened(min: number, max: number, bars: number): readonly [number, number] {
  const least = Math.max(2e-12, bars * 2 ** -20 * Math.max(Math.abs(min), Math.abs(max)))
  if (max - min >= least) return [min, max]
  const centre = (min + max) / 2
  return [centre - least / 2, centre + least / 2]
}
