// Convolutions of 3 × 3 with stride 1 in 16 instead of 36 multiplications for each square of 2 × 2 outputs: Winograd's
// F(2 × 2, 3 × 3) (Lavin & Gray 2016, section 4.1, https://arxiv.org/abs/1509.09308). Squares of 4 × 4 inputs, filters
// and what arrives are transformed to 16 places each; there convolution is a product.
import { address, int, loadSome, madd, storeSome, zero } from './common'
import { activated, multiply } from './products'

/**
 * Bytes from place to place, where rows of so many numbers lie: a cache line more than they need, or all 16 would fall
 * on the same lines of the cache.
 */
@inline

function placeBytes(rows: i32, numbers: i32): usize {
  return (((<usize>rows * numbers) << 2) + 127) & ~63
}

/** Addresses of the 16 pixels of a square; zeros beyond the map. */
function squareOf(
  pointers: usize,
  map: usize,
  y: i32,
  x: i32,
  height: i32,
  width: i32,
  bytes: usize,
  zeros: usize
): void {
  for (let dy = 0; dy < 4; dy++) {
    for (let dx = 0; dx < 4; dx++) {
      const there = <u32>(y + dy) < <u32>height && <u32>(x + dx) < <u32>width
      store<u32>(
        pointers + ((<usize>(dy * 4 + dx)) << 2),
        <u32>(there ? map + <usize>((y + dy) * width + x + dx) * bytes : zeros)
      )
    }
  }
}

/** Stores four numbers, or fewer at the end of a row. What lies behind a row may be read, for it is dropped here. */
@inline

function put(to: usize, four: v128, count: i32): void {
  if (count >= 4) v128.store(to, four)
  else storeSome(to, four, count)
}

@inline

function pixel(pointers: usize, i: i32, place: usize): v128 {
  return v128.load(<usize>load<u32>(pointers + ((<usize>i) << 2)) + place)
}

/** A row of a square, transformed along it: `Bᵀ` with rows 1 0 −1 0, 0 1 1 0, 0 −1 1 0, 0 1 0 −1. */
@inline

function spread(target: usize, stride: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(target, f32x4.sub(a, c))
  v128.store(target + stride, f32x4.add(b, c))
  v128.store(target + 2 * stride, f32x4.sub(c, b))
  v128.store(target + 3 * stride, f32x4.sub(b, d))
}

/**
 * `Bᵀ d B` of a square of inputs, channel by channel, to 16 places that lie `stride` bytes apart. Rows there have room
 * for whole vectors.
 */
function transformInputs(pointers: usize, channels: i32, target: usize, stride: usize): void {
  for (let channel = 0; channel < channels; channel += 4) {
    const place = (<usize>channel) << 2
    const t = target + place
    let a = pixel(pointers, 0, place),
      b = pixel(pointers, 1, place),
      c = pixel(pointers, 2, place),
      d = pixel(pointers, 3, place)
    const i = pixel(pointers, 8, place),
      j = pixel(pointers, 9, place),
      k = pixel(pointers, 10, place),
      l = pixel(pointers, 11, place)
    spread(t, stride, f32x4.sub(a, i), f32x4.sub(b, j), f32x4.sub(c, k), f32x4.sub(d, l))
    a = pixel(pointers, 4, place)
    b = pixel(pointers, 5, place)
    c = pixel(pointers, 6, place)
    d = pixel(pointers, 7, place)
    spread(t + 4 * stride, stride, f32x4.add(a, i), f32x4.add(b, j), f32x4.add(c, k), f32x4.add(d, l))
    spread(t + 8 * stride, stride, f32x4.sub(i, a), f32x4.sub(j, b), f32x4.sub(k, c), f32x4.sub(l, d))
    spread(
      t + 12 * stride,
      stride,
      f32x4.sub(a, pixel(pointers, 12, place)),
      f32x4.sub(b, pixel(pointers, 13, place)),
      f32x4.sub(c, pixel(pointers, 14, place)),
      f32x4.sub(d, pixel(pointers, 15, place))
    )
  }
}

/**
 * Filters to panels at 16 places, `[place][panel][channel][8]`: `G g Gᵀ` with rows 1 0 0, ½ ½ ½, ½ −½ ½, 0 0 1. Work:
 * panels.
 *
 * Arguments: filter, panels, places of its nine taps (counted in numbers), channels, columns, strides of a channel and
 * a column.
 */
export function winogradFilters(args: usize, from: i32, to: i32, thread: i32): void {
  const filter = address(args, 0),
    panels = address(args, 1),
    taps = address(args, 2)
  const channels = int(args, 3),
    columns = int(args, 4),
    channelStride = (<usize>int(args, 5)) << 2,
    columnStride = (<usize>int(args, 6)) << 2
  const stride = (<usize>((columns + 7) >> 3) * channels) << 5
  const half = f32x4.splat(0.5)
  for (let panel = from; panel < to; panel++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let side = 0; side < 2; side++) {
        const column = (panel << 3) + (side << 2)
        const count = columns - column
        const target = panels + ((<usize>panel * channels + channel) << 5) + ((<usize>side) << 4)
        const place = filter + <usize>channel * channelStride + <usize>column * columnStride
        for (let dx = 0; dx < 3; dx++) {
          // Down one column of the filter; what comes of it waits where the result of that column will be.
          const a = fourOf(place + tapAt(taps, dx), columnStride, count)
          const b = fourOf(place + tapAt(taps, 3 + dx), columnStride, count)
          const c = fourOf(place + tapAt(taps, 6 + dx), columnStride, count)
          const ends = f32x4.add(a, c)
          v128.store(target + <usize>dx * stride, a)
          v128.store(target + <usize>(4 + dx) * stride, f32x4.mul(half, f32x4.add(ends, b)))
          v128.store(target + <usize>(8 + dx) * stride, f32x4.mul(half, f32x4.sub(ends, b)))
          v128.store(target + <usize>(12 + dx) * stride, c)
        }
        for (let dy = 0; dy < 4; dy++) {
          const t = target + <usize>(dy * 4) * stride
          const a = v128.load(t),
            b = v128.load(t + stride),
            c = v128.load(t + 2 * stride)
          const ends = f32x4.add(a, c)
          v128.store(t + stride, f32x4.mul(half, f32x4.add(ends, b)))
          v128.store(t + 2 * stride, f32x4.mul(half, f32x4.sub(ends, b)))
          v128.store(t + 3 * stride, c)
        }
      }
    }
  }
}

@inline

function tapAt(taps: usize, tap: i32): usize {
  return (<usize>load<u32>(taps + ((<usize>tap) << 2))) << 2
}

/** Four numbers that lie so many bytes apart, or fewer with zeros behind them. */
@inline

function fourOf(place: usize, stride: usize, count: i32): v128 {
  if (stride == 4) return loadSome(place, count)
  let four = zero()
  if (count > 0) four = f32x4.replace_lane(four, 0, load<f32>(place))
  if (count > 1) four = f32x4.replace_lane(four, 1, load<f32>(place + stride))
  if (count > 2) four = f32x4.replace_lane(four, 2, load<f32>(place + 2 * stride))
  if (count > 3) four = f32x4.replace_lane(four, 3, load<f32>(place + 3 * stride))
  return four
}

/**
 * The convolution. Work: blocks of squares.
 *
 * Arguments: source, panels of transformed filters, out, height, width, channels, columns, height and width of out,
 * what lies before (y, x), squares down and across, squares in all, scratch, bytes of it for a thread, bias or 0,
 * activation, squares in a block, zeros (a row).
 */
export function winograd(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    panels = address(args, 1),
    out = address(args, 2)
  const height = int(args, 3),
    width = int(args, 4),
    channels = int(args, 5),
    columns = int(args, 6),
    outHeight = int(args, 7),
    outWidth = int(args, 8)
  const top = int(args, 9),
    left = int(args, 10),
    down = int(args, 11),
    across = int(args, 12),
    squares = int(args, 13)
  const scratch = address(args, 14) + <usize>thread * int(args, 15)
  const bias = address(args, 16),
    activation = int(args, 17),
    blockSize = int(args, 18),
    zeros = address(args, 19)
  const inner = scratch // arguments of the products
  const pointers = inner + 128
  const table = pointers + 64 // what multiply wants for itself
  const inputs = table + 512
  const wide = (channels + 3) & ~3,
    wideOut = (columns + 3) & ~3
  const stride = placeBytes(blockSize, wide),
    strideOut = placeBytes(blockSize, columns)
  const products = inputs + 16 * stride
  const panelBytes = (<usize>((columns + 7) >> 3) * channels) << 5
  const bytes = (<usize>channels) << 2,
    bytesOut = (<usize>columns) << 2

  for (let block = from; block < to; block++) {
    const first = block * blockSize
    const count = min(blockSize, squares - first)
    for (let i = 0; i < count; i++) {
      const square = first + i
      const line = square / across
      const image = line / down
      const y = ((line - image * down) << 1) - top,
        x = ((square - line * across) << 1) - left
      squareOf(pointers, source + <usize>image * height * width * bytes, y, x, height, width, bytes, zeros)
      transformInputs(pointers, channels, inputs + ((<usize>i * wide) << 2), stride)
    }
    // One tap, one line of so many pixels: a product of matrices.
    const one = table + 448 // an offset of (0, 0)
    store<i64>(one, 0)
    for (let i = 0; i < 26; i++) store<i32>(inner + ((<usize>i) << 2), 0)
    store<u32>(inner, <u32>one, 12)
    store<i32>(inner, 1, 16)
    store<i32>(inner, 1, 20)
    store<i32>(inner, count, 24)
    store<i32>(inner, channels, 28)
    store<i32>(inner, 1, 32)
    store<i32>(inner, count, 36)
    store<i32>(inner, 1, 40)
    store<i32>(inner, 1, 44)
    store<i32>(inner, columns, 48)
    store<i32>(inner, 1, 52)
    store<i32>(inner, count, 56)
    store<i32>(inner, 1, 60)
    store<i32>(inner, 1, 64)
    store<u32>(inner, <u32>zeros, 84)
    store<u32>(inner, <u32>table, 88)
    store<i32>(inner, count, 96)
    store<i32>(inner, wide, 100)
    for (let place = 0; place < 16; place++) {
      store<u32>(inner, <u32>(inputs + <usize>place * stride))
      store<u32>(inner, <u32>(panels + <usize>place * panelBytes), 4)
      store<u32>(inner, <u32>(products + <usize>place * strideOut), 8)
      multiply(inner, 0, (count + 31) >> 5, 0)
    }
    for (let i = 0; i < count; i++) {
      const square = first + i
      const line = square / across
      const image = line / down
      const y = (line - image * down) << 1,
        x = (square - line * across) << 1
      const corner = out + <usize>((image * outHeight + y) * outWidth + x) * bytesOut
      const second = x + 1 < outWidth
      const below = y + 1 < outHeight
      const lineOut = <usize>outWidth * bytesOut
      for (let column = 0; column < columns; column += 4) {
        const here = columns - column
        const place = (<usize>column) << 2
        const m = products + <usize>i * bytesOut + place
        // Aᵀ m A with rows 1 1 1 0, 0 1 −1 −1.
        let a0 = zero(),
          a1 = zero(),
          b0 = zero(),
          b1 = zero()
        for (let dy = 0; dy < 4; dy++) {
          const row = m + <usize>(dy * 4) * strideOut
          const p = v128.load(row),
            q = v128.load(row + strideOut),
            r = v128.load(row + 2 * strideOut),
            s = v128.load(row + 3 * strideOut)
          const u = f32x4.add(f32x4.add(p, q), r),
            v = f32x4.sub(f32x4.sub(q, r), s)
          if (dy == 0) {
            a0 = u
            a1 = v
          } else if (dy == 1) {
            a0 = f32x4.add(a0, u)
            a1 = f32x4.add(a1, v)
            b0 = u
            b1 = v
          } else if (dy == 2) {
            a0 = f32x4.add(a0, u)
            a1 = f32x4.add(a1, v)
            b0 = f32x4.sub(b0, u)
            b1 = f32x4.sub(b1, v)
          } else {
            b0 = f32x4.sub(b0, u)
            b1 = f32x4.sub(b1, v)
          }
        }
        if (bias != 0) {
          const offset = v128.load(bias + place)
          a0 = f32x4.add(a0, offset)
          a1 = f32x4.add(a1, offset)
          b0 = f32x4.add(b0, offset)
          b1 = f32x4.add(b1, offset)
        }
        if (activation != 0) {
          a0 = activated(a0, activation)
          a1 = activated(a1, activation)
          b0 = activated(b0, activation)
          b1 = activated(b1, activation)
        }
        const t = corner + place
        put(t, a0, here)
        if (second) put(t + bytesOut, a1, here)
        if (below) {
          put(t + lineOut, b0, here)
          if (second) put(t + lineOut + bytesOut, b1, here)
        }
      }
    }
  }
}

/**
 * Inputs, and what arrives, at 16 places each: `[place][square][number]`, rows with room for whole vectors. Work:
 * squares.
 *
 * Arguments: source, arriving, transformed source, transformed arriving, height, width, channels, columns, height and
 * width of what arrives, what lies before (y, x), squares down and across, first square, squares there is room for,
 * scratch (64 bytes a thread), zeros (a row).
 */
export function winogradSquares(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    arriving = address(args, 1),
    inputs = address(args, 2),
    slopes = address(args, 3)
  const height = int(args, 4),
    width = int(args, 5),
    channels = int(args, 6),
    columns = int(args, 7),
    outHeight = int(args, 8),
    outWidth = int(args, 9)
  const top = int(args, 10),
    left = int(args, 11),
    down = int(args, 12),
    across = int(args, 13),
    first = int(args, 14),
    room = int(args, 15)
  const pointers = address(args, 16) + ((<usize>thread) << 6),
    zeros = address(args, 17)
  const wide = (channels + 3) & ~3
  const stride = placeBytes(room, wide),
    strideOut = placeBytes(room, columns)
  const bytes = (<usize>channels) << 2,
    bytesOut = (<usize>columns) << 2
  const half = f32x4.splat(0.5)
  for (let i = from; i < to; i++) {
    const square = first + i
    const line = square / across
    const image = line / down
    const y = (line - image * down) << 1,
      x = (square - line * across) << 1
    squareOf(pointers, source + <usize>image * height * width * bytes, y - top, x - left, height, width, bytes, zeros)
    transformInputs(pointers, channels, inputs + ((<usize>i * wide) << 2), stride)
    const corner = arriving + <usize>((image * outHeight + y) * outWidth + x) * bytesOut
    const right = x + 1 < outWidth ? corner + bytesOut : zeros
    const below = y + 1 < outHeight ? corner + <usize>outWidth * bytesOut : zeros
    const last = x + 1 < outWidth && y + 1 < outHeight ? below + bytesOut : zeros
    for (let column = 0; column < columns; column += 4) {
      const here = columns - column
      const place = (<usize>column) << 2
      // G g Gᵀ with rows 1 0, ½ ½, ½ −½, 0 1.
      const a = v128.load(corner + place),
        b = v128.load(right + place),
        c = v128.load(below + place),
        d = v128.load(last + place)
      let t = slopes + <usize>i * bytesOut + place
      for (let dy = 0; dy < 4; dy++) {
        const p =
          dy == 0 ? a : dy == 1 ? f32x4.mul(half, f32x4.add(a, c)) : dy == 2 ? f32x4.mul(half, f32x4.sub(a, c)) : c
        const q =
          dy == 0 ? b : dy == 1 ? f32x4.mul(half, f32x4.add(b, d)) : dy == 2 ? f32x4.mul(half, f32x4.sub(b, d)) : d
        put(t, p, here)
        put(t + strideOut, f32x4.mul(half, f32x4.add(p, q)), here)
        put(t + 2 * strideOut, f32x4.mul(half, f32x4.sub(p, q)), here)
        put(t + 3 * strideOut, q, here)
        t += 4 * strideOut
      }
    }
  }
}

/**
 * Sums at 16 places to the nine taps of a filter's gradient: `Aᵀ e A` with rows 1 1 1 0, 0 1 −1 0, 0 1 1 −1. Work:
 * vectors of four. Arguments: sums, out, numbers of a tap.
 */
export function winogradTaps(args: usize, from: i32, to: i32, thread: i32): void {
  const sums = address(args, 0),
    out = address(args, 1)
  const stride = (<usize>int(args, 2)) << 2
  for (let i = from; i < to; i++) {
    const place = (<usize>i) << 4
    const here = int(args, 2) - (i << 2)
    for (let dx = 0; dx < 3; dx++) {
      let down0 = zero(),
        down1 = zero(),
        down2 = zero()
      for (let dy = 0; dy < 4; dy++) {
        const e = sums + <usize>(dy * 4) * stride + place
        const b = v128.load(e + stride),
          c = v128.load(e + 2 * stride)
        const v =
          dx == 0
            ? f32x4.add(f32x4.add(v128.load(e), b), c)
            : dx == 1
              ? f32x4.sub(b, c)
              : f32x4.sub(f32x4.add(b, c), v128.load(e + 3 * stride))
        if (dy == 0) down0 = v
        else if (dy == 1) {
          down0 = f32x4.add(down0, v)
          down1 = v
          down2 = v
        } else if (dy == 2) {
          down0 = f32x4.add(down0, v)
          down1 = f32x4.sub(down1, v)
          down2 = f32x4.add(down2, v)
        } else down2 = f32x4.sub(down2, v)
      }
      put(out + <usize>dx * stride + place, down0, here)
      put(out + <usize>(3 + dx) * stride + place, down1, here)
      put(out + <usize>(6 + dx) * stride + place, down2, here)
    }
  }
}
