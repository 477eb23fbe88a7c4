import { checkGiven, type Random } from '@lapstrake/core'
import { checkRandom } from '../check-random.ts'

/** A part of an image, brought to a size and perhaps mirrored: what a crop does to all that lies in the image. */
export interface Geometry {
  /** Edges in parts of the image: 0 is the middle of its first pixel, 1 that of its last. */
  readonly box: readonly [top: number, left: number, bottom: number, right: number]
  /** Whether left becomes right. */
  readonly flip: boolean
  /** Height and width of the result. */
  readonly size: number
}

/** Which boxes are drawn. */
export interface GeometryRange {
  /** Height and width of the result. */
  readonly size: number
  /** Least and greatest part of the image's area. */
  readonly scale: readonly [number, number]
  /** Least and greatest width over height. */
  readonly ratio: readonly [number, number]
  /** Probability of a horizontal flip. */
  readonly flip: number
}

/**
 * A box of random area, shape and place (Szegedy et al. 2015). One that does not fit within ten tries, as in
 * torchvision, becomes the whole image.
 *
 * @param aspect width over height of the image
 * @throws TypeError for what is no range, such as one without a scale, and without a source of randomness
 */
export function drawGeometry(range: GeometryRange, random: Random, aspect = 1): Geometry {
  checkGiven(
    'drawGeometry',
    'a range, as in { size: 32, scale: [0.2, 1], ratio: [0.75, 1.33], flip: 0.5 }',
    range,
    'record'
  )
  for (const name of ['size', 'flip'] as const) checkGiven('drawGeometry', `a number as ${name}`, range[name], 'number')
  for (const name of ['scale', 'ratio'] as const)
    checkGiven('drawGeometry', `the least and the greatest ${name}, as in [0.2, 1]`, range[name], 'list')
  checkRandom('drawGeometry', random)
  checkGiven('drawGeometry', 'width over height of the image', aspect, 'number')
  const { size, scale, ratio, flip } = range
  const u = random.uniforms(41)
  const box = (): Geometry['box'] => {
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = scale[0] + (scale[1] - scale[0]) * u[4 * attempt]!
      const shape = Math.exp(Math.log(ratio[0]) + (Math.log(ratio[1]) - Math.log(ratio[0])) * u[4 * attempt + 1]!)
      const [width, height] = [Math.sqrt((area * shape) / aspect), Math.sqrt((area / shape) * aspect)]
      if (width <= 1 && height <= 1) {
        const [top, left] = [(1 - height) * u[4 * attempt + 2]!, (1 - width) * u[4 * attempt + 3]!]
        return [top, left, top + height, left + width]
      }
    }
    return [0, 0, 1, 1]
  }
  return { box: box(), flip: u[40]! < flip, size }
}

/** Where the pixels of a result lie along an edge of the image: pixel `i` at `start + i * step`, in pixels of it. */
export interface Axis {
  readonly start: number
  readonly step: number
  /** Pixels of the result. */
  readonly size: number
}

/** Both axes of a geometry in an image, down and along. Corners lie on corners, as in `tf.image.cropAndResize`. */
export function axesOf(
  { box: [top, left, bottom, right], flip, size }: Geometry,
  height: number,
  width: number
): readonly [down: Axis, along: Axis] {
  const axis = (from: number, to: number, length: number): Axis => {
    const [start, extent] = [from * (length - 1), (to - from) * (length - 1)]
    return size > 1 ? { start, step: extent / (size - 1), size } : { start: start + extent / 2, step: extent, size }
  }
  return [axis(top, bottom, height), flip ? axis(right, left, width) : axis(left, right, width)]
}

/**
 * A stretch of the image, between edges of pixels, as a stretch of the result, cut to it.
 *
 * Edges lie half a pixel before and behind the middles that an axis speaks of.
 */
export function stretchOn({ start, step, size }: Axis, from: number, to: number): readonly [from: number, to: number] {
  if (step === 0) return [0, size]
  const edges = [from, to].map(edge => (edge - 0.5 - start) / step + 0.5).map(edge => Math.min(Math.max(edge, 0), size))
  return [Math.min(...edges), Math.max(...edges)]
}
