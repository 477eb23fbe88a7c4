import { checkGiven, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkBytes } from '../datasets/check-bytes.ts'
import { typed } from '../datasets/collated-by.ts'
import type { Collated } from '../datasets/dataset.ts'
import { checkWhole } from '../whole-number.ts'
import { axesOf, drawGeometry, stretchOn, type Axis, type Geometry } from './geometry.ts'
import { checkedRange, type RandomResizedCropOptions } from './random-resized-crop.ts'
import type { ViewHalves } from './views.ts'

/** A picture and the objects in it. */
export interface InstanceExample {
  /** Pixels from 0 to 255, `[height, width, channels]`. */
  readonly image: Uint8Array
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Top, left, bottom and right edge of each object in pixels of the image, `[objects, 4]`. */
  readonly boxes: Float32Array
  /** The class of each object. */
  readonly classes: Int32Array
  /** 1 where an object is and 0 elsewhere, `[objects, height, width]`. */
  readonly masks?: Uint8Array | undefined
}

/**
 * {@link randomResizedCrop} on the host, for pictures with objects: image, boxes and masks go through one geometry.
 * Width over height is that of the box in pixels, whatever the shape of the picture.
 *
 * @throws RangeError as {@link randomResizedCrop} does
 */
export function instanceCrop(options: RandomResizedCropOptions): ViewHalves<InstanceExample> {
  const range = checkedRange('instanceCrop', options)
  return {
    onExample: (example: InstanceExample, random: Random) => {
      checkPicture('instanceCrop', example)
      return throughGeometry(example, drawGeometry(range, random, example.width / example.height))
    }
  }
}

/**
 * A picture through a geometry: the image bilinearly, as `tf.image.cropAndResize` does it, and rounded; boxes cut to
 * what is left of them; masks by their nearest pixels. Objects of which nothing is left are gone.
 *
 * @throws TypeError for what is no picture, or no geometry; RangeError for an image of another size than it says, and
 * boxes that are none
 */
export function throughGeometry(example: InstanceExample, geometry: Geometry): InstanceExample {
  checkPicture('throughGeometry', example)
  checkGiven('throughGeometry', 'a geometry, as drawGeometry() gives', geometry, 'record')
  checkGiven('throughGeometry', 'a geometry with its box', geometry.box, 'list')
  checkGiven('throughGeometry', 'a geometry with the size of its result', geometry.size, 'number')
  const { height, width, channels, boxes, classes, masks } = example
  const { size } = geometry
  const [down, along] = axesOf(geometry, height, width)
  const [rows, columns] = [nearest(down, height), nearest(along, width)]
  const left = Array.from(classes.keys()).flatMap(object => {
    const [top = 0, start = 0, bottom = 0, end = 0] = boxes.subarray(4 * object, 4 * object + 4)
    const [[y1, y2], [x1, x2]] = [stretchOn(down, top, bottom), stretchOn(along, start, end)]
    if (y2 <= y1 || x2 <= x1) return []
    const mask =
      masks && resampled(masks.subarray(object * height * width, (object + 1) * height * width), rows, columns, width)
    return mask?.every(value => value === 0) ? [] : [{ box: [y1, x1, y2, x2], label: classes[object]!, mask }]
  })
  return {
    image: bilinear(example, down, along),
    height: size,
    width: size,
    channels,
    boxes: Float32Array.from(left.flatMap(({ box }) => box)),
    classes: Int32Array.from(left, ({ label }) => label),
    masks:
      masks &&
      endToEnd(
        left.map(({ mask }) => mask!),
        size * size
      )
  }
}

/**
 * Pictures of one size as a batch: pixels from 0 to 1, and under `examples` the `boxes` `[objects, 4]`, `classes`
 * `[objects]` and, where all have them, `masks` `[objects, height, width]` of each.
 *
 * @throws Error for no pictures, or pictures of several sizes
 * @throws TypeError for what are no pictures; RangeError for an image of another size than it says, and boxes that are
 * none
 */
export function collateInstances(examples: readonly InstanceExample[]): Collated {
  checkGiven('collateInstances', 'a list of pictures', examples, 'list')
  if (examples.length === 0) throw new Error('collateInstances: expected one picture or more, got none. Give it some.')
  for (const example of examples) checkPicture('collateInstances', example)
  const [{ height, width, channels }] = examples as readonly [InstanceExample]
  const other = examples.find(one => one.height !== height || one.width !== width || one.channels !== channels)
  if (other !== undefined) {
    throw new Error(
      `collateInstances: expected pictures of one size, got ${height} × ${width} × ${channels} and ` +
        `${other.height} × ${other.width} × ${other.channels}. Bring them to one with a view such as instanceCrop().`
    )
  }
  const pixels = endToEnd(
    examples.map(({ image }) => image),
    height * width * channels
  )
  const boxes = examples.map(({ boxes }) => tf.tensor2d(boxes, [boxes.length / 4, 4]))
  const classes = examples.map(({ classes }) => tf.tensor1d(classes, 'int32'))
  const masks = examples.flatMap(({ masks, classes }) =>
    masks === undefined ? [] : [tf.tensor3d(masks, [classes.length, height, width], 'int32')]
  )
  return {
    input: tf.div(tf.tensor4d(pixels, [examples.length, height, width, channels], 'int32'), 255),
    examples: masks.length === examples.length ? { boxes, classes, masks } : { boxes, classes }
  }
}

/** Looks at boxes, not at pixels. */
function checkPicture(who: string, example: InstanceExample): void {
  checkGiven(who, 'a picture, as in { image, height, width, channels, boxes, classes }', example, 'record')
  const { image, height, width, channels } = example
  for (const [name, length] of Object.entries({ height, width, channels }))
    checkWhole(who, `the ${name} of a picture`, length, 1)
  checkBytes(`${who}: expected the image of a picture`, image)
  if (image.length !== height * width * channels) {
    throw new RangeError(
      `${who}: expected the image of a picture to be ${height} × ${width} × ${channels} numbers, ` +
        `got ${image.length}. Say its height, width and channels as they are.`
    )
  }
  checkObjects(who, example)
}

function checkObjects(who: string, { height, width, boxes, classes, masks }: InstanceExample): void {
  const of = `${who}: expected the`
  if (!((classes as unknown) instanceof Int32Array)) {
    throw new TypeError(
      `${of} classes of a picture as an Int32Array, one for each object, got ${typed(classes)}. ` +
        'Make one by Int32Array.from(classes).'
    )
  }
  const what = `${of} boxes of a picture as a Float32Array of 4 numbers for each of its ${classes.length} classes`
  if (!((boxes as unknown) instanceof Float32Array) || boxes.length !== 4 * classes.length) {
    const got = (boxes as unknown) instanceof Float32Array ? `${boxes.length} numbers` : typed(boxes)
    throw new TypeError(`${what}, got ${got}. Make one by Float32Array.from(boxes.flat()).`)
  }
  for (let i = 0; i < boxes.length; i += 4) {
    const [top = NaN, left = NaN, bottom = NaN, right = NaN] = boxes.subarray(i, i + 4)
    if (bottom >= top && right >= left && [top, left, bottom, right].every(Number.isFinite)) continue
    throw new RangeError(
      `${of} boxes of a picture to be [top, left, bottom, right] in pixels, got ` +
        `[${boxes.subarray(i, i + 4).join(', ')}] as number ${i / 4}. Mend it, or leave the object out.`
    )
  }
  if (masks === undefined) return
  if (!((masks as unknown) instanceof Uint8Array) || masks.length !== classes.length * height * width) {
    const got = (masks as unknown) instanceof Uint8Array ? `${masks.length} numbers` : typed(masks)
    throw new TypeError(
      `${of} masks of a picture as a Uint8Array of ${height} × ${width} numbers for each of its ${classes.length} ` +
        `objects, got ${got}. Give a mask of every object, or none.`
    )
  }
}

/** Values between the pixels of an image, each of the four around a place weighed by its nearness. */
function bilinear({ image, height, width, channels }: InstanceExample, down: Axis, along: Axis): Uint8Array {
  const [rows, columns] = [between(down, height), between(along, width)]
  const result = new Uint8Array(down.size * along.size * channels)
  let at = 0
  for (const [top, bottom, y] of rows) {
    for (const [left, right, x] of columns) {
      for (let c = 0; c < channels; c++) {
        const pixel = (row: number, column: number): number => image[(row * width + column) * channels + c]!
        const upper = pixel(top, left) + (pixel(top, right) - pixel(top, left)) * x
        const lower = pixel(bottom, left) + (pixel(bottom, right) - pixel(bottom, left)) * x
        result[at++] = Math.round(upper + (lower - upper) * y)
      }
    }
  }
  return result
}

/** Of each pixel of the result the two of the image around it, and how far it lies from the first to the second. */
const between = (axis: Axis, length: number): (readonly [before: number, behind: number, part: number])[] =>
  placesOn(axis, length).map(place => [Math.floor(place), Math.ceil(place), place - Math.floor(place)])

/** Of each pixel of the result the nearest one of the image. */
const nearest = (axis: Axis, length: number): number[] => placesOn(axis, length).map(Math.round)

const placesOn = ({ start, step, size }: Axis, length: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.min(Math.max(start + i * step, 0), length - 1))

function resampled(mask: Uint8Array, rows: readonly number[], columns: readonly number[], width: number): Uint8Array {
  const result = new Uint8Array(rows.length * columns.length)
  let at = 0
  for (const row of rows) for (const column of columns) result[at++] = mask[row * width + column]!
  return result
}

function endToEnd(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(parts.length * length)
  parts.forEach((part, i) => whole.set(part, i * length))
  return whole
}
