// Windows over maps `[image, height, width, channels]`.
import { address, float, int, madd, storeSome, zero } from './common'

/**
 * The largest of each window, or with a filter `[tap][channels]` the sum of its pixels times the filter. Work: output pixels. What is no number is passed
 * over by the largest, as TensorFlow.js does.
 *
 * Arguments: source, target, height, width, channels, height and width of out, strides (y, x), first place (y, x), height and width of the window,
 * dilations (y, x), filter or 0.
 */
export function slide(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0), target = address(args, 1), height = int(args, 2), width = int(args, 3), channels = int(args, 4)
  const outHeight = int(args, 5), outWidth = int(args, 6), strideY = int(args, 7), strideX = int(args, 8), firstY = int(args, 9), firstX = int(args, 10)
  const tall = int(args, 11), wide = int(args, 12), dilationY = int(args, 13), dilationX = int(args, 14), filter = address(args, 15)
  const bytes = <usize>channels << 2
  for (let pixel = from; pixel < to; pixel++) {
    const line = pixel / outWidth
    const image = line / outHeight
    const y = (line - image * outHeight) * strideY + firstY, x = (pixel - line * outWidth) * strideX + firstX
    const map = source + <usize>image * height * width * bytes
    const out = target + <usize>pixel * bytes
    // The part of the window that lies on the map.
    const firstDy = y < 0 ? (dilationY - 1 - y) / dilationY : 0, endDy = min(tall, (height - y + dilationY - 1) / dilationY)
    const firstDx = x < 0 ? (dilationX - 1 - x) / dilationX : 0, endDx = min(wide, (width - x + dilationX - 1) / dilationX)
    const across = <usize>dilationX * bytes
    let channel = 0
    if (filter == 0) {
      for (; channel + 16 <= channels; channel += 16) {
        const place = <usize>channel << 2
        let a = f32x4.splat(-Infinity), b = a, c = a, d = a
        for (let dy = firstDy; dy < endDy; dy++) {
          let here = map + <usize>((y + dy * dilationY) * width + x + firstDx * dilationX) * bytes + place
          for (let dx = firstDx; dx < endDx; dx++, here += across) {
            a = f32x4.pmax(a, v128.load(here)); b = f32x4.pmax(b, v128.load(here, 16))
            c = f32x4.pmax(c, v128.load(here, 32)); d = f32x4.pmax(d, v128.load(here, 48))
          }
        }
        v128.store(out + place, a); v128.store(out + place, b, 16)
        v128.store(out + place, c, 32); v128.store(out + place, d, 48)
      }
    }
    for (; channel < channels; channel += 4) {
      const place = <usize>channel << 2
      const count = channels - channel
      let result = filter != 0 ? zero() : f32x4.splat(-Infinity)
      for (let dy = firstDy; dy < endDy; dy++) {
        let here = map + <usize>((y + dy * dilationY) * width + x + firstDx * dilationX) * bytes + place
        if (filter != 0) {
          let weights = filter + <usize>(dy * wide + firstDx) * bytes + place
          for (let dx = firstDx; dx < endDx; dx++, here += across, weights += bytes) result = madd(v128.load(here), v128.load(weights), result)
        } else {
          for (let dx = firstDx; dx < endDx; dx++, here += across) result = f32x4.pmax(result, v128.load(here))
        }
      }
      // What lies behind the last channel was read, too, and is dropped.
      if (count >= 4) v128.store(out + place, result)
      else storeSome(out + place, result, count)
    }
  }
}

/** What arrives at the largest of each window goes to where it was first met; out is zero before. Work: images. Arguments: as of slide, then what arrives. */
export function slideBack(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0), target = address(args, 1), height = int(args, 2), width = int(args, 3), channels = int(args, 4)
  const outHeight = int(args, 5), outWidth = int(args, 6), strideY = int(args, 7), strideX = int(args, 8), firstY = int(args, 9), firstX = int(args, 10)
  const tall = int(args, 11), wide = int(args, 12), dilationY = int(args, 13), dilationX = int(args, 14), arriving = address(args, 16)
  const bytes = <usize>channels << 2
  for (let image = from; image < to; image++) {
    const map = <usize>image * height * width * bytes
    for (let pixel = 0; pixel < outHeight * outWidth; pixel++) {
      const line = pixel / outWidth
      const y = line * strideY + firstY, x = (pixel - line * outWidth) * strideX + firstX
      const arrives = arriving + (<usize>image * outHeight * outWidth + pixel) * bytes
      for (let channel = 0; channel < channels; channel++) {
        const place = map + (<usize>channel << 2)
        let largest: f32 = -Infinity
        let where: usize = 0
        let found = false
        for (let dy = 0; dy < tall; dy++) {
          const sy = y + dy * dilationY
          if (<u32>sy >= <u32>height) continue
          for (let dx = 0; dx < wide; dx++) {
            const sx = x + dx * dilationX
            if (<u32>sx >= <u32>width) continue
            const here = place + <usize>(sy * width + sx) * bytes
            const value = load<f32>(source + here)
            if (value > largest) {
              largest = value
              where = here
              found = true
            }
          }
        }
        if (found) store<f32>(target + where, load<f32>(target + where) + load<f32>(arrives + (<usize>channel << 2)))
      }
    }
  }
}

/**
 * Crops of images, resized by bilinear interpolation; beyond the image a number of one's choice. Work: lines of crops.
 *
 * Arguments: source, boxes (y, x of both corners, from 0 to 1), images of the boxes, target, height, width, channels, height and width of crops, that number.
 */
export function cropAndResize(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0), boxes = address(args, 1), images = address(args, 2), target = address(args, 3)
  const height = int(args, 4), width = int(args, 5), channels = int(args, 6), tall = int(args, 7), wide = int(args, 8), outside = float(args, 9)
  const bytes = <usize>channels << 2
  // Places in double precision, as TensorFlow.js has them: in single, the last line may lie a hair beyond the image.
  const lastY = <f64>(height - 1), lastX = <f64>(width - 1)
  for (let line = from; line < to; line++) {
    const crop = line / tall
    const box = boxes + (<usize>crop << 4)
    const y1: f64 = load<f32>(box), x1: f64 = load<f32>(box, 4), y2: f64 = load<f32>(box, 8), x2: f64 = load<f32>(box, 12)
    const row = line - crop * tall
    const y = tall > 1 ? y1 * lastY + <f64>row * ((y2 - y1) * lastY / <f64>(tall - 1)) : 0.5 * (y1 + y2) * lastY
    const map = source + <usize>load<i32>(images + (<usize>crop << 2)) * height * width * bytes
    const inside = y >= 0 && y <= lastY
    const above = inside ? <i32>Math.floor(y) : 0, below = inside ? <i32>Math.ceil(y) : 0
    const down = <f32>(y - <f64>above)
    let out = target + <usize>line * wide * bytes
    for (let column = 0; column < wide; column++) {
      const x = wide > 1 ? x1 * lastX + <f64>column * ((x2 - x1) * lastX / <f64>(wide - 1)) : 0.5 * (x1 + x2) * lastX
      if (!inside || !(x >= 0 && x <= lastX)) {
        for (let channel = 0; channel < channels; channel++, out += 4) store<f32>(out, outside)
        continue
      }
      const left = <i32>Math.floor(x), right = <i32>Math.ceil(x)
      const across = <f32>(x - <f64>left)
      let topLeft = map + <usize>(above * width + left) * bytes, topRight = map + <usize>(above * width + right) * bytes
      let bottomLeft = map + <usize>(below * width + left) * bytes, bottomRight = map + <usize>(below * width + right) * bytes
      for (let channel = 0; channel < channels; channel++, out += 4, topLeft += 4, topRight += 4, bottomLeft += 4, bottomRight += 4) {
        const top = load<f32>(topLeft) + (load<f32>(topRight) - load<f32>(topLeft)) * across
        const bottom = load<f32>(bottomLeft) + (load<f32>(bottomRight) - load<f32>(bottomLeft)) * across
        store<f32>(out, top + (bottom - top) * down)
      }
    }
  }
}
