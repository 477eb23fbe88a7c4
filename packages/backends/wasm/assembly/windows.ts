// Windows over maps `[image, height, width, channels]`.
import { address, int, madd, storeSome, zero } from './common'

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
