// Group normalisation. One image at a time: what is read twice is then still in the cache.
import { address, float, int, loadSome, madd, storeSome } from './common'
import { momentsOfBlock, productsOfBlock } from './reductions'

/**
 * `scale · (x − mean) · inverse + offset` and a ReLU, with mean and inverse deviation of each group of channels. Work:
 * images.
 *
 * Arguments: x, scale, offset, target, means and inverse deviations `[image][channels]`, pixels of an image, channels,
 * groups, epsilon, whether a ReLU follows, pixels in a block, scratch `[2 · blocks + 1][channels]` for each thread,
 * bytes of it.
 */
export function groupNorm(args: usize, from: i32, to: i32, thread: i32): void {
  const scale = address(args, 1),
    offset = address(args, 2),
    rows = int(args, 6),
    n = int(args, 7),
    groups = int(args, 8),
    epsilon = float(args, 9)
  const floor = f32x4.splat(int(args, 10) != 0 ? 0 : -Infinity)
  const block = int(args, 11)
  const line = (<usize>n) << 2
  const factors = address(args, 12) + <usize>thread * int(args, 13),
    moments = factors + line
  const size = n / groups
  const share = 1 / (<f64>rows * size)
  for (let image = from; image < to; image++) {
    const x = address(args, 0) + <usize>image * rows * line
    const means = address(args, 4) + <usize>image * line,
      inverses = address(args, 5) + <usize>image * line
    for (let row = 0, target = moments; row < rows; row += block, target += 2 * line)
      momentsOfBlock(x + <usize>row * line, target, min(block, rows - row), n)
    // Those of its blocks and channels, joined (Chan, Golub & LeVeque 1983, eq. 2.1).
    for (let group = 0; group < n; group += size) {
      let sum: f64 = 0,
        squares: f64 = 0
      for (let row = 0, moment = moments; row < rows; row += block, moment += 2 * line)
        sum += total(moment, group, size) * min(block, rows - row)
      const mean = sum * share
      for (let row = 0, moment = moments; row < rows; row += block, moment += 2 * line) {
        squares += total(moment + line, group, size)
        for (let c = group; c < group + size; c++)
          squares += (at(moment, c) - mean) * (at(moment, c) - mean) * min(block, rows - row)
      }
      const inverse = <f32>(1 / Math.sqrt(squares * share + epsilon))
      for (let c = group; c < group + size; c++) {
        put(means, c, <f32>mean)
        put(inverses, c, inverse)
        put(factors, c, at(scale, c) * inverse)
      }
    }
    rescale(x, address(args, 3) + <usize>image * rows * line, rows, n, means, factors, offset, floor)
  }
}

/** `max((x − mean) · factor + offset, floor)`. A few rows at a time: what belongs to a column is seldom read. */
function rescale(
  x: usize,
  target: usize,
  rows: i32,
  n: i32,
  means: usize,
  factors: usize,
  offsets: usize,
  floor: v128
): void {
  const line = (<usize>n) << 2
  let row = 0
  for (; row + 4 <= rows; row += 4, x += 3 * line, target += 3 * line) {
    let i = 0
    for (; i + 4 <= n; i += 4, x += 16, target += 16) {
      const place = (<usize>i) << 2
      const mean = v128.load(means + place),
        factor = v128.load(factors + place),
        offset = v128.load(offsets + place)
      v128.store(target, f32x4.pmax(madd(f32x4.sub(v128.load(x), mean), factor, offset), floor))
      v128.store(target + line, f32x4.pmax(madd(f32x4.sub(v128.load(x + line), mean), factor, offset), floor))
      v128.store(target + 2 * line, f32x4.pmax(madd(f32x4.sub(v128.load(x + 2 * line), mean), factor, offset), floor))
      v128.store(target + 3 * line, f32x4.pmax(madd(f32x4.sub(v128.load(x + 3 * line), mean), factor, offset), floor))
    }
    const left = (<usize>(n - i)) << 2
    if (left > 0)
      for (let next: usize = 0; next < 4; next++)
        rescaleSome(x + next * line, target + next * line, i, n, means, factors, offsets, floor)
    x += left
    target += left
  }
  for (; row < rows; row++, x += line, target += line) {
    for (let i = 0; i < n; i += 4)
      rescaleSome(x + ((<usize>i) << 2), target + ((<usize>i) << 2), i, n, means, factors, offsets, floor)
  }
}

/** One row's part of {@link rescale} in the columns from one on, four at most. */
@inline

function rescaleSome(
  x: usize,
  target: usize,
  column: i32,
  n: i32,
  means: usize,
  factors: usize,
  offsets: usize,
  floor: v128
): void {
  const place = (<usize>column) << 2,
    left = n - column
  const away = f32x4.sub(loadSome(x, left), loadSome(means + place, left))
  storeSome(
    target,
    f32x4.pmax(madd(away, loadSome(factors + place, left), loadSome(offsets + place, left)), floor),
    left
  )
}

/**
 * What arrives, `g`, on its way to the input, and what each image gives to the gradients of scale and offset. Work:
 * images.
 *
 * Arguments: g, x, scale, means and inverse deviations `[image][channels]`, target, for scale and offset
 * `[image][channels]`, pixels of an image, channels, groups, pixels in a block, scratch `[2 · blocks + 3][channels]`
 * for each thread, bytes of it.
 */
export function groupNormGradient(args: usize, from: i32, to: i32, thread: i32): void {
  const scale = address(args, 2),
    rows = int(args, 8),
    n = int(args, 9),
    groups = int(args, 10),
    block = int(args, 11)
  const line = (<usize>n) << 2
  const factors = address(args, 12) + <usize>thread * int(args, 13),
    slopes = factors + line,
    rests = slopes + line,
    sums = rests + line
  const size = n / groups
  const share = 1 / (<f64>rows * size)
  for (let image = from; image < to; image++) {
    const map = <usize>image * rows * line,
      channels = <usize>image * line
    const means = address(args, 3) + channels,
      inverses = address(args, 4) + channels,
      forScale = address(args, 6) + channels,
      forOffset = address(args, 7) + channels
    const g = address(args, 0) + map,
      x = address(args, 1) + map
    for (let row = 0, target = sums; row < rows; row += block, target += 2 * line) {
      productsOfBlock(g + <usize>row * line, x + <usize>row * line, means, target, min(block, rows - row), n)
    }
    for (let group = 0; group < n; group += size) {
      const inverse = at(inverses, group)
      let sum: f64 = 0,
        ofUnit: f64 = 0
      for (let c = group; c < group + size; c++) {
        let arrived: f64 = 0,
          products: f64 = 0
        for (let row = 0, part = sums; row < rows; row += block, part += 2 * line) {
          arrived += at(part, c)
          products += at(part + line, c)
        }
        const unit = products * inverse
        put(forOffset, c, <f32>arrived)
        put(forScale, c, <f32>unit)
        put(factors, c, at(scale, c) * inverse)
        sum += at(scale, c) * arrived
        ofUnit += at(scale, c) * unit
      }
      // g · factor + (x − mean) · slope + rest
      for (let c = group; c < group + size; c++) {
        put(slopes, c, <f32>(-ofUnit * share * inverse * inverse))
        put(rests, c, <f32>(-sum * share * inverse))
      }
    }
    move(g, x, address(args, 5) + map, rows, n, factors, means, slopes, rests)
  }
}

/** `g · factor + (x − mean) · slope + rest`. A few rows at a time: what belongs to a column is seldom read. */
function move(
  g: usize,
  x: usize,
  target: usize,
  rows: i32,
  n: i32,
  factors: usize,
  means: usize,
  slopes: usize,
  rests: usize
): void {
  const line = (<usize>n) << 2
  let row = 0
  for (; row + 4 <= rows; row += 4, g += 3 * line, x += 3 * line, target += 3 * line) {
    let i = 0
    for (; i + 4 <= n; i += 4, g += 16, x += 16, target += 16) {
      const place = (<usize>i) << 2
      const factor = v128.load(factors + place),
        mean = v128.load(means + place),
        slope = v128.load(slopes + place),
        rest = v128.load(rests + place)
      v128.store(target, madd(v128.load(g), factor, madd(f32x4.sub(v128.load(x), mean), slope, rest)))
      v128.store(
        target + line,
        madd(v128.load(g + line), factor, madd(f32x4.sub(v128.load(x + line), mean), slope, rest))
      )
      v128.store(
        target + 2 * line,
        madd(v128.load(g + 2 * line), factor, madd(f32x4.sub(v128.load(x + 2 * line), mean), slope, rest))
      )
      v128.store(
        target + 3 * line,
        madd(v128.load(g + 3 * line), factor, madd(f32x4.sub(v128.load(x + 3 * line), mean), slope, rest))
      )
    }
    const left = (<usize>(n - i)) << 2
    if (left > 0)
      for (let next: usize = 0; next < 4; next++)
        moveSome(g + next * line, x + next * line, target + next * line, i, n, factors, means, slopes, rests)
    g += left
    x += left
    target += left
  }
  for (; row < rows; row++, g += line, x += line, target += line) {
    for (let i = 0; i < n; i += 4) {
      const place = (<usize>i) << 2
      moveSome(g + place, x + place, target + place, i, n, factors, means, slopes, rests)
    }
  }
}

/** One row's part of {@link move} in the columns from one on, four at most. */
@inline

function moveSome(
  g: usize,
  x: usize,
  target: usize,
  column: i32,
  n: i32,
  factors: usize,
  means: usize,
  slopes: usize,
  rests: usize
): void {
  const place = (<usize>column) << 2,
    left = n - column
  const away = f32x4.sub(loadSome(x, left), loadSome(means + place, left))
  storeSome(
    target,
    madd(
      loadSome(g, left),
      loadSome(factors + place, left),
      madd(away, loadSome(slopes + place, left), loadSome(rests + place, left))
    ),
    left
  )
}

@inline

function at(numbers: usize, place: i32): f32 {
  return load<f32>(numbers + ((<usize>place) << 2))
}

@inline

function put(numbers: usize, place: i32, value: f32): void {
  store<f32>(numbers + ((<usize>place) << 2), value)
}

/** The sum of a group's channels. */
function total(sums: usize, group: i32, size: i32): f64 {
  let sum: f64 = 0
  for (let c = group; c < group + size; c++) sum += at(sums, c)
  return sum
}
