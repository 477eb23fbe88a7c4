import * as tf from '@tensorflow/tfjs-core'

/** Where a pixel of the result comes from: x' = a x + b y + c, y' = d x + e y + f, in pixels, from the first middle. */
type Move = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** The nearest pixel of where each comes from, with a move for each image; black from beyond the edge. */
export function moved(images: tf.Tensor4D, strengths: Float32Array, move: (strength: number) => Move): tf.Tensor4D {
  const [count, height, width, channels] = images.shape
  const black = count * height * width
  const places = new Int32Array(black)
  strengths.forEach((strength, i) => {
    const [a, b, c, d, e, f] = move(strength)
    for (let y = 0, at = i * height * width; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const [row, column] = [Math.round(d * x + e * y + f), Math.round(a * x + b * y + c)]
        const isInside = row >= 0 && row < height && column >= 0 && column < width
        places[at] = isInside ? (i * height + row) * width + column : black
      }
    }
  })
  const pixels = tf.concat([tf.reshape(images, [black, channels]), tf.zeros([1, channels])])
  return tf.reshape(tf.gather(pixels, tf.tensor1d(places, 'int32')), images.shape)
}

/** Rows slide by a part of how far down they lie, from the upper edge. */
export const shearX = (part: number): Move => [1, part, part / 2, 0, 1, 0]

/** Columns slide by a part of how far right they lie, from the left edge. */
export const shearY = (part: number): Move => [1, 0, 0, part, 1, part / 2]

/** To the right by whole pixels. */
export const translateX = (pixels: number): Move => [1, 0, -Math.trunc(pixels), 0, 1, 0]

/** Down by whole pixels. */
export const translateY = (pixels: number): Move => [1, 0, 0, 0, 1, -Math.trunc(pixels)]

/** Against the clock about the middle of an image, by degrees. */
export const rotation =
  (height: number, width: number) =>
  (degrees: number): Move => {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
    const [x, y] = [(width - 1) / 2, (height - 1) / 2]
    return [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y]
  }
