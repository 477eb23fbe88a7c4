import { typed } from './collated-by.ts'
import type { ImageShape } from './images.ts'

/** Arrays whose elements are whole numbers, and those of floats. */
type WholeNumbers = Uint8Array | Uint8ClampedArray | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array
type Floats = Float32Array | Float64Array

/**
 * Pixels, image after image, row after row, the channels of a pixel beside each other: in one array, in a list with an
 * array for each image, or in lists of lists. Arrays of whole numbers hold 0 to 255; those of floats, and lists of
 * numbers, hold 0 to 1.
 */
export type PixelsInMemory = WholeNumbers | Floats | NestedPixels

/** Lists of lists, as deep as `[image][row][column][channel]` or, of grey images, `[image][row][column]`. */
export type NestedPixels = readonly (number | WholeNumbers | Floats | NestedPixels)[]

/** Pixels as bytes, in the shape of an image. */
export interface PixelBytes {
  readonly bytes: Uint8Array
  readonly shape: ImageShape
}

/**
 * Pixels as bytes from 0 to 255. Bytes in one array stay where they are; all else is copied, and floats are rounded to
 * the nearest of the 256.
 *
 * @param shape of an image; lists of lists that are as deep tell it themselves
 * @throws TypeError for what are no pixels, and lists that are not as long as the others
 * @throws RangeError for whole numbers beyond 0 to 255, floats beyond 0 to 1 and NaN, and a shape that is none
 */
export function pixelBytes(who: string, images: PixelsInMemory, shape: ImageShape | undefined): PixelBytes {
  if (!Array.isArray(images)) {
    const read = readerOf(who, images)
    if (shape === undefined)
      throw new TypeError(
        `${who}: expected a shape [height, width, channels] beside pixels in one array, got none. Say all three.`
      )
    if (images instanceof Uint8Array || images instanceof Uint8ClampedArray)
      return { bytes: new Uint8Array(images.buffer, images.byteOffset, images.length), shape }
    const each = shape.reduce((product, length) => product * length, 1)
    const bytes = new Uint8Array((images as Floats).length)
    read(images as Floats, bytes, 0, i => `image ${Math.floor(i / each)}`)
    return { bytes, shape }
  }
  const lengths = lengthsOf(images)
  const bytes = new Uint8Array(lengths.reduce((product, length) => product * length, 1))
  let kind: string | undefined
  let at = 0
  const put = (list: unknown, depth: number, place: string): void => {
    const { length } = list as { length?: number }
    if ((!Array.isArray(list) && !ArrayBuffer.isView(list)) || length !== lengths[depth])
      throw new TypeError(
        `${who}: expected images${place} to have ${lengths[depth]} elements, as the first one has, got ` +
          `${length ?? typed(list)}. Make all of one size.`
      )
    if (depth < lengths.length - 1) {
      ;(list as unknown[]).forEach((within, i) => put(within, depth + 1, `${place}[${i}]`))
      return
    }
    const read = readerOf(who, list)
    kind ??= typeName(list)
    if (typeName(list) !== kind)
      throw new TypeError(
        `${who}: expected images of one type, got ${typeName(list)} for images${place} beside ${kind}. ` +
          'Whole numbers are from 0 to 255, and floats from 0 to 1.'
      )
    read(list as Floats, bytes, at, i => `images${place}[${i}]`)
    at += lengths[depth]!
  }
  put(images, 0, '')
  return { bytes, shape: shape ?? shapeOf(who, lengths) }
}

/** Puts pixels into bytes. */
type Read = (from: ArrayLike<number>, into: Uint8Array, at: number, nameOf: (place: number) => string) => void

/** How the elements of an array are read as pixels. */
function readerOf(who: string, values: unknown): Read {
  if (values instanceof Float32Array || values instanceof Float64Array || Array.isArray(values)) return floatsOf(who)
  const isWhole = ArrayBuffer.isView(values) && !(values instanceof DataView) && typeof first(values) !== 'bigint'
  if (isWhole && typeName(values) !== 'Float16Array') return wholeNumbersOf(who)
  const data = (values as { data?: unknown } | null | undefined)?.data
  throw new TypeError(
    `${who}: expected images as bytes from 0 to 255, as floats from 0 to 1, or as lists of them, got ` +
      `${typed(values)}. ` +
      (typeof data === 'function'
        ? 'Give await images.data() of a tensor, and the shape of one image.'
        : 'Make a Uint8Array or a Float32Array of them.')
  )
}

const first = (values: ArrayBufferView): unknown => (values as unknown as ArrayLike<unknown>)[0]

const wholeNumbersOf =
  (who: string): Read =>
  (from, into, at, nameOf) => {
    for (let i = 0; i < from.length; i++) {
      const value = from[i]!
      if (!(value >= 0 && value <= 255)) {
        throw new RangeError(
          `${who}: expected whole numbers from 0 to 255, got ${value} in ${nameOf(i)}. ` +
            'Scale them first: of 16 bits divide by 65535, and give them as a Float32Array.'
        )
      }
      into[at + i] = value
    }
  }

const floatsOf =
  (who: string): Read =>
  (from, into, at, nameOf) => {
    for (let i = 0; i < from.length; i++) {
      const value = from[i]!
      if (!(value >= 0 && value <= 1)) throw notWithin(who, value, nameOf(i), from)
      into[at + i] = Math.round(255 * value)
    }
  }

function notWithin(who: string, value: unknown, name: string, values: ArrayLike<number>): Error {
  const all = Array.from(values)
  const got = `got ${typeof value === 'number' ? value : typed(value)} in ${name}.`
  if (typeof value !== 'number')
    return new TypeError(`${who}: expected numbers from 0 to 1, ${got} Give lists [image][row][column][channel].`)
  const mend = Number.isNaN(value)
    ? 'Leave such images out, or fill them in.'
    : all.every(one => one >= 0 && one <= 255)
      ? 'Divide by 255, or give bytes: Uint8Array.from(images).'
      : all.some(one => one < 0)
        ? 'Undo a normalisation by mean and deviation, or bring them to 0 … 1 by their least and largest.'
        : 'Divide by the largest value that they may have.'
  return new RangeError(`${who}: expected floats from 0 to 1, ${got} ${mend}`)
}

/** How long lists are at each depth, by the first of each. */
function lengthsOf(list: readonly unknown[]): readonly number[] {
  const lengths = [list.length]
  for (
    let within: unknown = list[0];
    Array.isArray(within) || ArrayBuffer.isView(within);
    within = first(within as never)
  )
    lengths.push((within as unknown as ArrayLike<unknown>).length)
  return lengths
}

/** The shape that lists tell by themselves. */
function shapeOf(who: string, [, ...lengths]: readonly number[]): ImageShape {
  const [height, width, channels = 1] = lengths
  if (lengths.length === 3 || lengths.length === 2) return [height!, width!, channels]
  throw new TypeError(
    `${who}: expected lists [image][row][column][channel] or [image][row][column], got lists ${lengths.length + 1} ` +
      'deep. Say the shape of an image beside them: [height, width, channels].'
  )
}

const typeName = (list: unknown): string => (Array.isArray(list) ? 'a list' : (list as object).constructor.name)
