import { checkGiven, checkOptions, type Owned, type Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { rgbOf } from '#openers'
import { typed } from '../datasets/collated-by.ts'
import { checkBackground, white } from '../datasets/decoded-options.ts'
import { FileFault } from '../datasets/file-fault.ts'
import { isBytesSource, readBytes, type BytesSource } from './bytes-from.ts'
import type { BytePixels, Picture, PictureOptions } from './picture.ts'

/** Pixels row after row, the channels of one beside each other: bytes from 0 to 255, or floats from 0 to 1. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array | Float64Array
  readonly height: number
  readonly width: number
  /** As many as the data have when left out. Four are red, green, blue and transparency. */
  readonly channels?: number | undefined
}

/**
 * What is read as an image: a file of one by its path (in Node), its address, as a `Blob` or as bytes; pixels; numbers
 * from 0 to 1 in lists of `[height][width][channels]`; and in a page what it can draw, such as an `ImageData`, an
 * `ImageBitmap` or the image of a document.
 */
export type ImageSource = BytesSource | Pixels | readonly (readonly (readonly number[])[])[] | ImageBitmapSource

export interface ReadImagesOptions {
  /** What shows through transparent pixels: red, green and blue from 0 to 255; white when left out. */
  readonly background?: readonly [red: number, green: number, blue: number] | undefined
}

/**
 * One image or a list of them as `[images, height, width, channels]`, float32 from 0 to 1.
 *
 * Files, and pixels of bytes in another size, are decoded and brought to that size as `imageFolder` does it: scaled to
 * cover it, then cut from the middle. A shape of one channel gets the luminance of colours (ITU-R 601). A page decodes
 * by the browser, whose pixels differ by a little.
 *
 * @param shape `[height, width, channels]` of each
 * @throws TypeError for what is no image
 * @throws RangeError for floats beyond 0 to 1, and no shape of an image
 * @throws Error for an image that cannot be decoded, and pixels that do not fit the shape; it says which
 */
export async function readImages(
  images: ImageSource | readonly ImageSource[],
  shape: Shape,
  options: ReadImagesOptions = {}
): Promise<Owned<tf.Tensor4D>> {
  checkOptions<ReadImagesOptions>('readImages', options, { background: 'list' })
  const { background = white } = options
  checkBackground('readImages', background)
  checkGiven('readImages', 'the shape of each image, as in [28, 28, 3]', shape, 'list')
  const [height, width, channels] = shape
  if (shape.length !== 3 || !shape.every(length => Number.isInteger(length) && length >= 1)) {
    throw new RangeError(
      `readImages: expected a shape [height, width, channels], got [${shape.join(', ')}]. ` +
        'What is no image goes into a tensor of that shape by itself.'
    )
  }
  const all = isList(images) ? images : [images]
  if (all.length === 0) throw new RangeError('readImages: expected one image or more, got none. Give one.')
  const wanted: Wanted = { height: height!, width: width!, channels: channels!, background }
  const each = height! * width! * channels!
  const values = new Float32Array(all.length * each)
  await Promise.all(
    all.map(async (image, i) => values.set(await valuesOf(image, nameOf(image, i, all.length), wanted), i * each))
  )
  return tf.tensor4d(values, [all.length, height!, width!, channels!]) as Owned<tf.Tensor4D>
}

interface Wanted extends PictureOptions {
  readonly channels: number
}

/** A list of images, and not the lists of one. */
const isList = (images: ImageSource | readonly ImageSource[]): images is readonly ImageSource[] =>
  Array.isArray(images) && !isNested(images)

const isNested = (image: unknown): image is readonly (readonly (readonly number[])[])[] =>
  Array.isArray(image) && Array.isArray(image[0]) && !isRow((image[0] as unknown[][])[0]?.[0])

const isRow = (value: unknown): boolean => Array.isArray(value) || ArrayBuffer.isView(value)

const isPixels = (image: unknown): image is Pixels =>
  typeof image === 'object' && image !== null && ArrayBuffer.isView((image as Partial<Pixels>).data)

/** What an image is called in an error. */
function nameOf(image: unknown, place: number, count: number): string {
  if (typeof image === 'string' || image instanceof URL) return String(image)
  if (typeof File !== 'undefined' && image instanceof File) return image.name
  return count === 1 ? 'it' : `image ${place}`
}

/** The numbers of one image. */
async function valuesOf(image: ImageSource, name: string, wanted: Wanted): Promise<Float32Array> {
  if (isBytesSource(image)) {
    return decoded(
      name,
      readBytes(image).then(file => ({ file })),
      wanted
    )
  }
  if (isPixels(image)) return valuesOfPixels(image, name, wanted)
  if (isNested(image)) return valuesOfPixels(flattened(image, name), name, wanted)
  if (isDrawable(image)) return decoded(name, { drawn: image }, wanted)
  throw new TypeError(
    `readImages: expected ${name} to be an image, got ${typed(image)}. Give a path, an address, a Blob, the bytes of ` +
      'a file, pixels { data, height, width, channels }, or lists [height][width][channels] of numbers from 0 to 1.'
  )
}

/** What `createImageBitmap` takes beside a `Blob`; where there is no page there is none. */
const isDrawable = (image: unknown): image is ImageBitmapSource =>
  [
    ...['HTMLImageElement', 'SVGImageElement', 'HTMLVideoElement', 'HTMLCanvasElement', 'ImageBitmap'],
    ...['OffscreenCanvas', 'VideoFrame']
  ].some(name => {
    const kind: unknown = (globalThis as Record<string, unknown>)[name]
    return typeof kind === 'function' && image instanceof kind
  })

async function decoded(name: string, picture: Picture | Promise<Picture>, wanted: Wanted): Promise<Float32Array> {
  checkColours(name, wanted)
  try {
    return inChannels(await rgbOf(await picture, wanted), wanted.channels)
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    throw new Error(
      `readImages: expected ${name} to be an image, but ${error.message}. Give the file of a JPEG, PNG, WebP, GIF or ` +
        'AVIF, or pixels as { data, height, width, channels }.',
      { cause: error }
    )
  }
}

function checkColours(name: string, { channels }: Wanted): void {
  if (channels === 1 || channels === 3) return
  throw new Error(
    `readImages: expected ${channels} channels, got a picture for ${name}, which has three. ` +
      `Give pixels { data, height, width, channels: ${channels} }.`
  )
}

/** Bytes of red, green and blue from 0 to 1, or their luminance. */
function inChannels(rgb: Uint8Array, channels: number): Float32Array {
  if (channels === 3) return fromBytes(rgb)
  return Float32Array.from({ length: rgb.length / 3 }, (_, i) => {
    const [red, green, blue] = [rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!]
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue) / 255
  })
}

const fromBytes = (bytes: ArrayLike<number>): Float32Array => Float32Array.from(bytes, value => value / 255)

function valuesOfPixels(pixels: Pixels, name: string, wanted: Wanted): Promise<Float32Array> | Float32Array {
  const { data, height, width } = pixels
  const channels = checkPixels(pixels, name)
  const fits = height === wanted.height && width === wanted.width && channels === wanted.channels
  const areBytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray
  if (!areBytes) checkFloats(data, name)
  if (fits) return areBytes ? fromBytes(data) : Float32Array.from(data)
  const isPicture = channels === wanted.channels || (channels === 4 && [1, 3].includes(wanted.channels))
  if (areBytes && isPicture && (channels === 1 || channels === 3 || channels === 4))
    return decoded(name, { pixels: { data, height, width, channels } satisfies BytePixels }, wanted)
  const [own, other] = [
    [wanted.height, wanted.width, wanted.channels],
    [height, width, channels]
  ].map(size => size.join(' × '))
  throw new Error(
    `readImages: expected pixels of ${own} for ${name}, got ${other} ${areBytes ? 'bytes' : 'floats'}. ` +
      (isPicture
        ? 'Give bytes from 0 to 255, which are brought to that size.'
        : `Give ${wanted.channels} ${wanted.channels === 1 ? 'channel' : 'channels'}.`)
  )
}

/** How many channels there are, where all fits together. */
function checkPixels({ data, height, width, channels = data.length / (height * width) }: Pixels, name: string): number {
  const isCounted = [height, width, channels].every(length => Number.isInteger(length) && length >= 1)
  if (!isCounted || data.length !== height * width * channels) {
    throw new Error(
      `readImages: expected pixels { data, height, width, channels } of ${name} with height × width × channels ` +
        `numbers, got ${data.length} for ${[height, width, channels].join(' × ')}. Say its own height and width.`
    )
  }
  return channels
}

function checkFloats(data: Pixels['data'], name: string): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new TypeError(
      `readImages: expected pixels of ${name} as bytes from 0 to 255 or floats from 0 to 1, got ${typed(data)}. ` +
        'Make a Uint8Array or a Float32Array of them.'
    )
  }
  const place = data.findIndex(value => !(value >= 0 && value <= 1))
  if (place < 0) return
  throw new RangeError(
    `readImages: expected floats from 0 to 1 for ${name}, got ${data[place]} in place ${place}. ` +
      'Divide values up to 255 by 255, or give them as a Uint8Array; undo a normalisation by mean and deviation.'
  )
}

/** Lists as pixels. */
function flattened(rows: readonly (readonly (readonly number[])[])[], name: string): Pixels {
  const [height, width, channels] = [rows.length, rows[0]?.length ?? 0, rows[0]?.[0]?.length ?? 0]
  const isRegular = rows.every(
    row =>
      Array.isArray(row) &&
      row.length === width &&
      row.every(pixel => pixel?.length === channels && Array.from(pixel).every(value => typeof value === 'number'))
  )
  if (!isRegular || channels === 0) {
    throw new TypeError(
      `readImages: expected lists [height][width][channels] of numbers for ${name}, each as long as the others, got ` +
        'other lists. Wrap a grey value in a list of its own.'
    )
  }
  return { data: Float64Array.from(rows.flatMap(row => row.flatMap(pixel => [...pixel]))), height, width, channels }
}
