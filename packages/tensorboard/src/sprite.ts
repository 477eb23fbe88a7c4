import { bytesOf, checkPixels, type Pixels } from './pixels.ts'

/** Pixels that a side of the picture of all pictures may have; TensorBoard refuses a larger one. */
const most = 8192

/** All pictures in one. */
export interface Sprite {
  readonly picture: Pixels
  /** Of each picture. */
  readonly width: number
  readonly height: number
}

/** All pictures in one, row by row in a square; smaller where they would be too large together. */
export function sprite(images: readonly [Pixels, ...Pixels[]]): Sprite {
  const { channels, ...whole } = images[0]
  const side = Math.ceil(Math.sqrt(images.length))
  if (side > most) {
    throw new RangeError(`writeProjector: expected up to ${most * most} images, got ${images.length}. Leave some out.`)
  }
  const scale = Math.min(1, most / side / Math.max(whole.width, whole.height))
  const [width, height] = [Math.max(1, Math.floor(whole.width * scale)), Math.max(1, Math.floor(whole.height * scale))]
  const data = new Uint8Array(side * width * side * height * channels)
  images.forEach((image, i) => {
    checkPixels('writeProjector', image)
    if (image.width !== whole.width || image.height !== whole.height || image.channels !== channels) {
      throw new Error(
        `writeProjector: expected images of ${whole.height} × ${whole.width} × ${channels}, ` +
          `got ${image.height} × ${image.width} × ${image.channels}. Bring them to one size.`
      )
    }
    const bytes = width === whole.width && height === whole.height ? bytesOf(image) : shrunk(image, width, height)
    const [left, top] = [(i % side) * width, Math.floor(i / side) * height]
    for (let y = 0; y < height; y++) {
      const row = bytes.subarray(y * width * channels, (y + 1) * width * channels)
      data.set(row, ((top + y) * side * width + left) * channels)
    }
  })
  return { picture: { data, width: side * width, height: side * height, channels }, width, height }
}

/** Each pixel is the mean of those that it covers. */
function shrunk(image: Pixels, width: number, height: number): Uint8Array {
  const { channels } = image
  const bytes = bytesOf(image)
  const result = new Uint8Array(width * height * channels)
  const from = (at: number, to: number, length: number): number => Math.floor((at * length) / to)
  const end = (at: number, to: number, length: number): number => Math.ceil(((at + 1) * length) / to)
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [from(y, height, image.height), end(y, height, image.height)]
    for (let x = 0; x < width; x++) {
      const [left, right] = [from(x, width, image.width), end(x, width, image.width)]
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let i = top; i < bottom; i++) {
          for (let j = left; j < right; j++) sum += bytes[(i * image.width + j) * channels + channel]!
        }
        result[(y * width + x) * channels + channel] = Math.round(sum / (bottom - top) / (right - left))
      }
    }
  }
  return result
}
