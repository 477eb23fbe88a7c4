// Windows over maps `[image, height, width, channels]`.
import { address, float, int, madd, storeSome, zero } from './common'

// What is made of a window's pixels.
const largest = 0,
  mean = 1 // else their sum, times a filter

@inline

function joined(kind: i32, so: v128, here: usize, weights: usize): v128 {
  const value = v128.load(here)
  return kind == largest
    ? f32x4.pmax(so, value)
    : kind == mean
      ? f32x4.add(so, value)
      : madd(value, v128.load(weights), so)
}

@inline

function slideOver(kind: i32, args: usize, from: i32, to: i32): void {
  const source = address(args, 1),
    target = address(args, 2),
    height = int(args, 3),
    width = int(args, 4),
    channels = int(args, 5)
  const outHeight = int(args, 6),
    outWidth = int(args, 7),
    strideY = int(args, 8),
    strideX = int(args, 9),
    firstY = int(args, 10),
    firstX = int(args, 11)
  const tall = int(args, 12),
    wide = int(args, 13),
    dilationY = int(args, 14),
    dilationX = int(args, 15),
    filter = address(args, 16)
  const bytes = (<usize>channels) << 2
  const start = f32x4.splat(kind == largest ? -Infinity : 0)
  for (let pixel = from; pixel < to; pixel++) {
    const line = pixel / outWidth
    const image = line / outHeight
    const y = (line - image * outHeight) * strideY + firstY,
      x = (pixel - line * outWidth) * strideX + firstX
    const map = source + <usize>image * height * width * bytes
    const out = target + <usize>pixel * bytes
    // The part of the window that lies on the map.
    const firstDy = y < 0 ? (dilationY - 1 - y) / dilationY : 0,
      endDy = min(tall, (height - y + dilationY - 1) / dilationY)
    const firstDx = x < 0 ? (dilationX - 1 - x) / dilationX : 0,
      endDx = min(wide, (width - x + dilationX - 1) / dilationX)
    const across = <usize>dilationX * bytes
    const factor = f32x4.splat(1 / <f32>(max(0, endDy - firstDy) * max(0, endDx - firstDx)))
    let channel = 0
    for (; channel + 16 <= channels; channel += 16) {
      const place = (<usize>channel) << 2
      let a = start,
        b = start,
        c = start,
        d = start
      for (let dy = firstDy; dy < endDy; dy++) {
        let here = map + <usize>((y + dy * dilationY) * width + x + firstDx * dilationX) * bytes + place
        let weights = filter + <usize>(dy * wide + firstDx) * bytes + place
        for (let dx = firstDx; dx < endDx; dx++, here += across, weights += bytes) {
          a = joined(kind, a, here, weights)
          b = joined(kind, b, here + 16, weights + 16)
          c = joined(kind, c, here + 32, weights + 32)
          d = joined(kind, d, here + 48, weights + 48)
        }
      }
      if (kind == mean) {
        a = f32x4.mul(a, factor)
        b = f32x4.mul(b, factor)
        c = f32x4.mul(c, factor)
        d = f32x4.mul(d, factor)
      }
      v128.store(out + place, a)
      v128.store(out + place, b, 16)
      v128.store(out + place, c, 32)
      v128.store(out + place, d, 48)
    }
    for (; channel < channels; channel += 4) {
      const place = (<usize>channel) << 2
      let result = start
      for (let dy = firstDy; dy < endDy; dy++) {
        let here = map + <usize>((y + dy * dilationY) * width + x + firstDx * dilationX) * bytes + place
        let weights = filter + <usize>(dy * wide + firstDx) * bytes + place
        for (let dx = firstDx; dx < endDx; dx++, here += across, weights += bytes)
          result = joined(kind, result, here, weights)
      }
      // What lies behind the last channel was read, too, and is dropped.
      storeSome(out + place, kind == mean ? f32x4.mul(result, factor) : result, channels - channel)
    }
  }
}

/**
 * The largest of each window, the mean of what lies on the map, or the sum of its pixels times a filter
 * `[tap][channels]`. Work: output pixels. What is no number is passed over by the largest, as TensorFlow.js does.
 *
 * Arguments: which, source, target, height, width, channels, height and width of out, strides (y, x), first place (y,
 * x), height and width of the window, dilations (y, x), filter or 0.
 */
export function slide(args: usize, from: i32, to: i32, thread: i32): void {
  const kind = int(args, 0)
  if (kind == largest) slideOver(largest, args, from, to)
  else if (kind == mean) slideOver(mean, args, from, to)
  else slideOver(2, args, from, to)
}

/**
 * What arrives at the largest of each window goes to where it was first met; out is zero before. Work: images.
 * Arguments: as of slide, then what arrives.
 */
export function slideBack(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 1),
    target = address(args, 2),
    height = int(args, 3),
    width = int(args, 4),
    channels = int(args, 5)
  const outHeight = int(args, 6),
    outWidth = int(args, 7),
    strideY = int(args, 8),
    strideX = int(args, 9),
    firstY = int(args, 10),
    firstX = int(args, 11)
  const tall = int(args, 12),
    wide = int(args, 13),
    dilationY = int(args, 14),
    dilationX = int(args, 15),
    arriving = address(args, 17)
  const bytes = (<usize>channels) << 2
  for (let image = from; image < to; image++) {
    const map = <usize>image * height * width * bytes
    for (let pixel = 0; pixel < outHeight * outWidth; pixel++) {
      const line = pixel / outWidth
      const y = line * strideY + firstY,
        x = (pixel - line * outWidth) * strideX + firstX
      const firstDy = y < 0 ? (dilationY - 1 - y) / dilationY : 0,
        endDy = min(tall, (height - y + dilationY - 1) / dilationY)
      const firstDx = x < 0 ? (dilationX - 1 - x) / dilationX : 0,
        endDx = min(wide, (width - x + dilationX - 1) / dilationX)
      const arrives = arriving + (<usize>image * outHeight * outWidth + pixel) * bytes
      for (let channel = 0; channel < channels; channel += 4) {
        const place = map + ((<usize>channel) << 2)
        let most = f32x4.splat(-Infinity),
          where = i32x4.splat(-1)
        for (let dy = firstDy; dy < endDy; dy++) {
          let there = (y + dy * dilationY) * width + x + firstDx * dilationX
          for (let dx = firstDx; dx < endDx; dx++, there += dilationX) {
            const value = v128.load(source + place + <usize>there * bytes)
            const more = f32x4.gt(value, most)
            most = v128.bitselect(value, most, more)
            where = v128.bitselect(i32x4.splat(there), where, more)
          }
        }
        const from = arrives + ((<usize>channel) << 2),
          count = channels - channel
        add(target + place, i32x4.extract_lane(where, 0), bytes, from)
        if (count > 1) add(target + place + 4, i32x4.extract_lane(where, 1), bytes, from + 4)
        if (count > 2) add(target + place + 8, i32x4.extract_lane(where, 2), bytes, from + 8)
        if (count > 3) add(target + place + 12, i32x4.extract_lane(where, 3), bytes, from + 12)
      }
    }
  }
}

/** Adds a number to that of a pixel, if there is one. */
@inline

function add(map: usize, pixel: i32, bytes: usize, from: usize): void {
  if (pixel < 0) return
  const there = map + <usize>pixel * bytes
  store<f32>(there, load<f32>(there) + load<f32>(from))
}

@inline

function arriveFrom(filtered: bool, so: v128, from: usize, weights: usize): v128 {
  return filtered ? madd(v128.load(from), v128.load(weights), so) : f32x4.add(so, v128.load(from))
}

@inline

function slideToInputOver(filtered: bool, args: usize, from: i32, to: i32): void {
  const target = address(args, 2),
    height = int(args, 3),
    width = int(args, 4),
    channels = int(args, 5)
  const outHeight = int(args, 6),
    outWidth = int(args, 7),
    strideY = int(args, 8),
    strideX = int(args, 9),
    firstY = int(args, 10),
    firstX = int(args, 11)
  const tall = int(args, 12),
    wide = int(args, 13),
    dilationY = int(args, 14),
    dilationX = int(args, 15),
    filter = address(args, 16),
    arriving = address(args, 17)
  const planes = int(args, 18),
    factor = f32x4.splat(float(args, 19))
  const bytes = (<usize>channels) << 2
  const plane = <usize>int(args, 20) * outHeight * outWidth * bytes,
    filterPlane = <usize>(tall * wide) * bytes
  for (let pixel = from; pixel < to; pixel++) {
    const line = pixel / width
    const image = line / height
    // Places in the first window, were it long enough.
    const y = line - image * height - firstY,
      x = pixel - line * width - firstX
    const firstOut = max(0, (y - (tall - 1) * dilationY + strideY - 1) / strideY),
      endOut = min(outHeight, y / strideY + 1)
    const firstAcross = max(0, (x - (wide - 1) * dilationX + strideX - 1) / strideX),
      endAcross = min(outWidth, x / strideX + 1)
    const out = target + <usize>pixel * bytes
    for (let channel = 0; channel < channels; channel += 16) {
      const place = (<usize>channel) << 2
      let a = zero(),
        b = zero(),
        c = zero(),
        d = zero()
      for (let m = 0; m < planes; m++) {
        const map = arriving + <usize>m * plane + <usize>(image * outHeight * outWidth) * bytes + place
        const weights = filter + <usize>m * filterPlane + place
        for (let outY = firstOut; outY < endOut; outY++) {
          const restY = y - outY * strideY,
            dy = dilationY == 1 ? restY : restY / dilationY
          if (dy * dilationY != restY) continue
          const line = weights + <usize>(dy * wide) * bytes
          let s = map + <usize>(outY * outWidth + firstAcross) * bytes
          let restX = x - firstAcross * strideX
          for (let outX = firstAcross; outX < endAcross; outX++, restX -= strideX, s += bytes) {
            const dx = dilationX == 1 ? restX : restX / dilationX
            if (dx * dilationX != restX) continue
            const w = line + <usize>dx * bytes
            a = arriveFrom(filtered, a, s, w)
            b = arriveFrom(filtered, b, s + 16, w + 16)
            if (channels - channel > 8) {
              c = arriveFrom(filtered, c, s + 32, w + 32)
              d = arriveFrom(filtered, d, s + 48, w + 48)
            }
          }
        }
      }
      const here = out + place,
        count = channels - channel
      storeSome(here, f32x4.mul(a, factor), count)
      storeSome(here + 16, f32x4.mul(b, factor), count - 4)
      storeSome(here + 32, f32x4.mul(c, factor), count - 8)
      storeSome(here + 48, f32x4.mul(d, factor), count - 12)
    }
  }
}

/**
 * What arrives at windows goes to all they saw, times a filter, or times one number. With several filters,
 * `[plane][tap][channels]`, what arrives has as many planes. Work: input pixels. Arguments: as of slideBack, then
 * planes, the factor, images.
 */
export function slideToInput(args: usize, from: i32, to: i32, thread: i32): void {
  if (int(args, 16) != 0) slideToInputOver(true, args, from, to)
  else slideToInputOver(false, args, from, to)
}

/**
 * What arrives at windows times what they saw, tap by tap, `[image][plane][tap][channels]`: the gradient of filters.
 * Work: taps, of all planes of all images. Arguments: as of slideToInput.
 */
export function slideToFilter(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 1),
    target = address(args, 2),
    height = int(args, 3),
    width = int(args, 4),
    channels = int(args, 5)
  const outHeight = int(args, 6),
    outWidth = int(args, 7),
    strideY = int(args, 8),
    strideX = int(args, 9),
    firstY = int(args, 10),
    firstX = int(args, 11)
  const tall = int(args, 12),
    wide = int(args, 13),
    dilationY = int(args, 14),
    dilationX = int(args, 15),
    arriving = address(args, 17)
  const planes = int(args, 18),
    images = int(args, 20)
  const bytes = (<usize>channels) << 2,
    step = <usize>strideX * bytes
  for (let item = from; item < to; item++) {
    const whole = item / (tall * wide),
      tap = item - whole * tall * wide
    const image = whole / planes,
      m = whole - image * planes
    const dy = tap / wide
    const offY = firstY + dy * dilationY,
      offX = firstX + (tap - dy * wide) * dilationX
    const firstOut = max(0, (strideY - 1 - offY) / strideY),
      endOut = min(outHeight, (height - offY + strideY - 1) / strideY)
    const firstAcross = max(0, (strideX - 1 - offX) / strideX),
      endAcross = min(outWidth, (width - offX + strideX - 1) / strideX)
    for (let channel = 0; channel < channels; channel += 8) {
      const place = (<usize>channel) << 2
      let a = zero(),
        b = zero()
      for (let outY = firstOut; outY < endOut; outY++) {
        let x =
          source +
          <usize>((image * height + outY * strideY + offY) * width + firstAcross * strideX + offX) * bytes +
          place
        let g = arriving + <usize>(((m * images + image) * outHeight + outY) * outWidth + firstAcross) * bytes + place
        let p = zero(),
          q = zero() // of one line, for digits
        for (let outX = firstAcross; outX < endAcross; outX++, x += step, g += bytes) {
          p = madd(v128.load(x), v128.load(g), p)
          q = madd(v128.load(x, 16), v128.load(g, 16), q)
        }
        a = f32x4.add(a, p)
        b = f32x4.add(b, q)
      }
      storeSome(target + <usize>item * bytes + place, a, channels - channel)
      storeSome(target + <usize>item * bytes + place + 16, b, channels - channel - 4)
    }
  }
}
