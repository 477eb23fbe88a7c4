import { fusedOr, type Random } from '@lapstrake/core'
import { blurImages } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { pulled } from './pulled.ts'

/** A Gaussian blur, cut off where it no longer counts or meets the image. */
export function blurredBy(images: tf.Tensor4D, sigma: number): tf.Tensor4D {
  if (!(sigma > 0)) return images
  const [count, height, width] = images.shape
  const reach = Math.min(Math.ceil(4 * sigma), Math.max(height, width) - 1)
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)))
  return fusedOr(blurImages, { images, weights: tf.tile(tf.tensor2d([weights]), [count, 1]) })
}

/** A Gaussian blur of a deviation in pixels. */
export const gaussianBlur = (images: tf.Tensor4D, _: Random, [sigma = 0]: readonly number[]): tf.Tensor =>
  blurredBy(images, sigma)

/** A lens out of focus: a disc of a radius in pixels, its rim smoothed by a Gaussian. */
export function defocusBlur(images: tf.Tensor4D, _: Random, [radius = 0, rim = 0]: readonly number[]): tf.Tensor {
  const [soft, reach] = [radius <= 8 ? 1 : 2, Math.ceil(radius) + 2]
  const around = Array.from({ length: 2 * soft + 1 }, (_, i) => i - soft)
  const axis = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach)
  const isInside = (y: number, x: number): number => Number(y * y + x * x <= radius * radius)
  const kernel = axis.map(y =>
    axis.map(x =>
      around.reduce(
        (sum, dy) =>
          around.reduce(
            (s, dx) => s + Math.exp(-(dy * dy + dx * dx) / (2 * rim * rim)) * isInside(y - dy, x - dx),
            sum
          ),
        0
      )
    )
  )
  const [, height, width, channels] = images.shape
  const taps = tf.reshape(tf.tensor2d(kernel), [axis.length, axis.length, 1, 1])
  const weights = tf.depthwiseConv2d(tf.ones<tf.Rank.R4>([1, height, width, 1]), taps as tf.Tensor4D, 1, 'same')
  return tf.div(tf.depthwiseConv2d(images, tf.tile(taps, [1, 1, channels, 1]) as tf.Tensor4D, 1, 'same'), weights)
}

/** Rough glass: a blur, pixels that change places with others a few pixels away, so many times, and a blur. */
export function glassBlur(
  images: tf.Tensor4D,
  random: Random,
  [sigma = 0, reach = 1, times = 1]: readonly number[]
): tf.Tensor {
  const [count, height, width, channels] = images.shape
  const pixels = height * width
  const from = new Int32Array(count * pixels)
  for (let i = 0; i < count; i++) {
    const places = from.subarray(i * pixels, (i + 1) * pixels).map((_, place) => i * pixels + place)
    const steps = random.split(i).uniforms(2 * pixels * times)
    const step = (at: number): number => Math.floor(2 * reach * steps[at]!) - reach
    let at = 0
    for (let time = 0; time < times; time++) {
      for (let y = height - 1 - reach; y >= reach; y--) {
        for (let x = width - 1 - reach; x >= reach; x--) {
          const [here, there] = [y * width + x, (y + step(at++)) * width + x + step(at++)]
          ;[places[here], places[there]] = [places[there]!, places[here]!]
        }
      }
    }
    from.set(places, i * pixels)
  }
  const rows = tf.reshape(blurredBy(images, sigma), [count * pixels, channels])
  return blurredBy(tf.reshape(tf.gather(rows, tf.tensor1d(from, 'int32')), images.shape) as tf.Tensor4D, sigma)
}

/** A camera that moves: half a Gaussian along a line of its own for each image, within 45 degrees of the level. */
export function motionBlur(images: tf.Tensor4D, random: Random, [radius = 0, sigma = 1]: readonly number[]): tf.Tensor {
  const angles = random.uniforms(images.shape[0]).map(u => (u - 0.5) * (Math.PI / 2))
  return smeared(images, angles, radius, sigma)
}

/** Half a Gaussian, 2 radius + 1 pixels long, in each image's direction. */
export function smeared(images: tf.Tensor4D, angles: Float32Array, radius: number, sigma: number): tf.Tensor4D {
  const weights = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp((-k * k) / (2 * sigma * sigma)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const shifted = (k: number): tf.Tensor4D => {
    const moves = Array.from(angles, angle => [k * Math.sin(angle), k * Math.cos(angle)])
    return pulled(images, tf.tensor4d(moves.flat(), [angles.length, 1, 1, 2]))
  }
  return weights.reduce<tf.Tensor>(
    (sum, weight, k) => (weight < 1e-3 ? sum : tf.add(sum, tf.mul(shifted(k), weight / total))),
    tf.scalar(0)
  ) as tf.Tensor4D
}

/** A lens that zooms while it is open: the mean of the image and all steps from 1 to a factor. */
export function zoomBlur(images: tf.Tensor4D, _: Random, [most = 1, step = 1]: readonly number[]): tf.Tensor {
  const count = Math.round((most - 1) / step) + 1
  const zooms = Array.from({ length: count }, (_, i) => zoomed(images, 1 + i * step))
  return tf.div(tf.addN([images, ...zooms]), count + 1)
}

/** The middle of an image, so many times as large. */
export function zoomed(images: tf.Tensor4D, factor: number): tf.Tensor4D {
  const [count, height, width] = images.shape
  const [near, far] = [0.5 - 0.5 / factor, 0.5 + 0.5 / factor]
  const boxes = tf.tile(tf.tensor2d([[near, near, far, far]]), [count, 1]) as tf.Tensor2D
  return tf.image.cropAndResize(images, boxes, tf.range(0, count, 1, 'int32'), [height, width], 'bilinear')
}
