// What augmentation does to images `[image, height, width, channels]`.
import { address, float, int, loadSome, madd, storeSome, zero } from './common'

/**
 * Crops of images, resized by bilinear interpolation; beyond the image a number of one's choice. Work: lines of crops.
 *
 * Arguments: source, boxes (y, x of both corners, from 0 to 1), images of the boxes, target, height, width, channels,
 * height and width of crops, that number, scratch, bytes of it for each thread.
 */
export function cropAndResize(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    boxes = address(args, 1),
    images = address(args, 2),
    target = address(args, 3)
  const height = int(args, 4),
    width = int(args, 5),
    channels = int(args, 6),
    tall = int(args, 7),
    wide = int(args, 8)
  const outside = f32x4.splat(float(args, 9))
  const bytes = (<usize>channels) << 2
  const columns = address(args, 10) + <usize>thread * int(args, 11)
  // Places in double precision, as TensorFlow.js has them: in single, the last line may lie a hair beyond the image.
  const lastY = <f64>(height - 1)
  let known = -1
  for (let line = from; line < to; line++) {
    const crop = line / tall
    const box = boxes + ((<usize>crop) << 4)
    if (crop != known) {
      placeColumns(load<f32>(box, 4), load<f32>(box, 12), <f64>(width - 1), wide, bytes, columns)
      known = crop
    }
    const y1: f64 = load<f32>(box),
      y2: f64 = load<f32>(box, 8)
    const row = line - crop * tall
    const y = tall > 1 ? y1 * lastY + <f64>row * (((y2 - y1) * lastY) / <f64>(tall - 1)) : 0.5 * (y1 + y2) * lastY
    const inside = y >= 0 && y <= lastY
    const map = source + <usize>load<i32>(images + ((<usize>crop) << 2)) * height * width * bytes
    const above = map + (inside ? <usize>Math.floor(y) : 0) * width * bytes,
      below = map + (inside ? <usize>Math.ceil(y) : 0) * width * bytes
    const down = f32x4.splat(inside ? <f32>(y - Math.floor(y)) : 0)
    const out = target + <usize>line * wide * bytes
    // From the last four channels to the first: what is written behind a pixel's last is written again.
    for (let channel = (channels - 1) & ~3; channel >= 0; channel -= 4) {
      const here = (<usize>channel) << 2
      let place = columns,
        to = out + here,
        left = wide * channels - channel
      for (; left >= 4; place += 12, to += bytes, left -= channels)
        v128.store(to, cropped(place, inside, above + here, below + here, down, outside))
      // Behind the line is what another thread may write.
      for (; left > 0; place += 12, to += bytes, left -= channels)
        storeSome(to, cropped(place, inside, above + here, below + here, down, outside), left)
    }
  }
}

/** Four channels in a column, `down` from the line above to the line below. */
@inline

function cropped(column: usize, inside: bool, above: usize, below: usize, down: v128, outside: v128): v128 {
  const left = load<i32>(column)
  if (!inside || left < 0) return outside
  const right = load<u32>(column, 4),
    across = v128.load32_splat(column, 8)
  const top = between(v128.load(above + left), v128.load(above + right), across)
  return between(top, between(v128.load(below + left), v128.load(below + right), across), down)
}

/**
 * Of each column of a crop: the bytes before its left and its right pixel in a line, and how far it lies to the right;
 * a left of -1 where it lies beyond.
 */
function placeColumns(x1: f64, x2: f64, last: f64, wide: i32, bytes: usize, target: usize): void {
  for (let column = 0; column < wide; column++, target += 12) {
    const x = wide > 1 ? x1 * last + <f64>column * (((x2 - x1) * last) / <f64>(wide - 1)) : 0.5 * (x1 + x2) * last
    const inside = x >= 0 && x <= last
    store<i32>(target, inside ? <i32>(<usize>Math.floor(x) * bytes) : -1)
    store<i32>(target, inside ? <i32>(<usize>Math.ceil(x) * bytes) : 0, 4)
    store<f32>(target, inside ? <f32>(x - Math.floor(x)) : 0, 8)
  }
}

@inline

function between(a: v128, b: v128, part: v128): v128 {
  return madd(f32x4.sub(b, a), part, a)
}

/**
 * Each pixel of three colours times a matrix of its image, and the image's mean brightness times a number of its own;
 * cut to [0, 1]. Work: images.
 *
 * Arguments: source, matrices `[image][3][3]`, numbers `[image]`, how bright the colours are `[3]`, target, pixels of
 * an image.
 */
export function mixColors(args: usize, from: i32, to: i32, thread: i32): void {
  const bright = address(args, 3),
    pixels = int(args, 5)
  const image = <usize>pixels * 12
  for (let i = from; i < to; i++) {
    const source = address(args, 0) + <usize>i * image,
      target = address(args, 4) + <usize>i * image
    const matrix = address(args, 1) + <usize>i * 36
    const brightness = f32x4.mul(pixelSum(source, pixels), loadSome(bright, 3))
    const mean =
      (f32x4.extract_lane(brightness, 0) + f32x4.extract_lane(brightness, 1) + f32x4.extract_lane(brightness, 2)) /
      <f32>pixels
    const lift = f32x4.splat(mean * load<f32>(address(args, 2) + ((<usize>i) << 2)))
    const red = v128.load(matrix),
      green = v128.load(matrix, 12),
      blue = v128.load(matrix, 24)
    // Whole vectors, whose fourth number the next pixel overwrites; the last has another image behind it.
    const last = image - 12
    for (let at: usize = 0; at < last; at += 12) v128.store(target + at, mixed(source + at, red, green, blue, lift))
    storeSome(target + last, mixed(source + last, red, green, blue, lift), 3)
  }
}

@inline

function mixed(pixel: usize, red: v128, green: v128, blue: v128, lift: v128): v128 {
  const sum = madd(
    v128.load32_splat(pixel),
    red,
    madd(v128.load32_splat(pixel, 4), green, madd(v128.load32_splat(pixel, 8), blue, lift))
  )
  return f32x4.pmin(f32x4.pmax(sum, zero()), f32x4.splat(1))
}

/** The sum of pixels of three colours, in blocks. The fourth number is nobody's. */
@inline

function pixelSum(source: usize, pixels: i32): v128 {
  let total = zero()
  for (let left = pixels; left > 0; ) {
    let block = min(left, 1024)
    left -= block
    let a = zero(),
      b = zero()
    for (; block >= 2; block -= 2, source += 24) {
      a = f32x4.add(a, v128.load(source))
      b = f32x4.add(b, v128.load(source, 12))
    }
    for (; block > 0; block--, source += 12) a = f32x4.add(a, v128.load(source))
    total = f32x4.add(total, f32x4.add(a, b))
  }
  return total
}

/**
 * A blur down the columns, then along the rows, with weights of each image's own; where they reach over the edge, the
 * others are scaled up. Work: images.
 *
 * Arguments: source, weights `[image][size]`, target, height, width, channels, size, scratch, bytes of it for each
 * thread.
 */
export function blurImages(args: usize, from: i32, to: i32, thread: i32): void {
  const height = int(args, 3),
    width = int(args, 4),
    channels = int(args, 5),
    size = int(args, 6)
  const reach = size >> 1
  const pixel = (<usize>channels) << 2,
    line = <usize>width * pixel,
    margin = <usize>reach * pixel
  // For each number of a line what scales it up; then a line, between zeros for what lies over the edge.
  const scales = address(args, 7) + <usize>thread * int(args, 8),
    padded = scales + ((line + 15) & ~15)
  memory.fill(padded, 0, line + 2 * margin)
  for (let image = from; image < to; image++) {
    const start = <usize>image * height * line
    const source = address(args, 0) + start,
      target = address(args, 2) + start
    const weights = address(args, 1) + ((<usize>(image * size)) << 2)
    if (within(weights, size, reach, size) == load<f32>(weights + ((<usize>reach) << 2))) {
      memory.copy(target, source, <usize>height * line)
      continue
    }
    for (let x = 0; x < width; x++) {
      const scale: f32 = <f32>1 / within(weights, size, x, width)
      for (let channel = 0; channel < channels; channel++)
        store<f32>(scales + ((<usize>(x * channels + channel)) << 2), scale)
    }
    for (let y = 0; y < height; y++) {
      const first = max(0, reach - y),
        end = min(size, height + reach - y)
      weighLine(
        false,
        source + <usize>(y + first - reach) * line,
        line,
        weights + ((<usize>first) << 2),
        end - first,
        0,
        zero(),
        padded + margin,
        line
      )
      weighLine(
        true,
        padded,
        pixel,
        weights,
        size,
        scales,
        f32x4.splat(<f32>1 / within(weights, size, y, height)),
        target + <usize>y * line,
        line
      )
    }
  }
}

/** The sum of the weights around a place that lie within a length. */
function within(weights: usize, size: i32, place: i32, length: i32): f32 {
  const reach = size >> 1
  let sum: f32 = 0
  for (let tap = max(0, reach - place), end = min(size, length + reach - place); tap < end; tap++)
    sum += load<f32>(weights + ((<usize>tap) << 2))
  return sum
}

/**
 * For each number of a line the weighted sum of those that lie `stride` bytes apart from its place on; times two
 * scales, if wanted.
 */
@inline

function weighLine(
  scaled: bool,
  source: usize,
  stride: usize,
  weights: usize,
  count: i32,
  scales: usize,
  scale: v128,
  target: usize,
  line: usize
): void {
  let place: usize = 0
  for (; place + 64 <= line; place += 64) {
    let a = zero(),
      b = zero(),
      c = zero(),
      d = zero()
    let from = source + place
    for (let tap = 0; tap < count; tap++, from += stride) {
      const weight = v128.load32_splat(weights + ((<usize>tap) << 2))
      a = madd(weight, v128.load(from), a)
      b = madd(weight, v128.load(from, 16), b)
      c = madd(weight, v128.load(from, 32), c)
      d = madd(weight, v128.load(from, 48), d)
    }
    const to = target + place
    if (scaled) {
      const each = scales + place
      a = f32x4.mul(a, f32x4.mul(scale, v128.load(each)))
      b = f32x4.mul(b, f32x4.mul(scale, v128.load(each, 16)))
      c = f32x4.mul(c, f32x4.mul(scale, v128.load(each, 32)))
      d = f32x4.mul(d, f32x4.mul(scale, v128.load(each, 48)))
    }
    v128.store(to, a)
    v128.store(to, b, 16)
    v128.store(to, c, 32)
    v128.store(to, d, 48)
  }
  for (; place < line; place += 16) {
    let a = zero()
    let from = source + place
    for (let tap = 0; tap < count; tap++, from += stride)
      a = madd(v128.load32_splat(weights + ((<usize>tap) << 2)), v128.load(from), a)
    if (scaled) a = f32x4.mul(a, f32x4.mul(scale, v128.load(scales + place)))
    storeSome(target + place, a, <i32>(line - place) >> 2)
  }
}
