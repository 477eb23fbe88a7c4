// Group normalisation. One image at a time: what is read two or three times is then still in the cache.
import { address, float, int, loadSome, madd, storeSome, zero } from './common'

/** Rows that are added up by themselves, so that float32 keeps the digits of sums. */
const blockRows: i32 = 512

/** Adds one number for each vector of a row to what its column has: `x` (op 0), `(x − c)²` (op 1), or `g` and `g · (x − c)` (op 2). Four vectors, or one. */
@inline
function strip(op: i32, four: bool, x: usize, g: usize, centre: usize, line: usize, rows: i32, first: usize, second: usize): void {
  const c0 = op == 0 ? zero() : v128.load(centre)
  const c1 = op == 0 || !four ? zero() : v128.load(centre, 16), c2 = op == 0 || !four ? zero() : v128.load(centre, 32), c3 = op == 0 || !four ? zero() : v128.load(centre, 48)
  let a0 = zero(), a1 = zero(), a2 = zero(), a3 = zero(), b0 = zero(), b1 = zero(), b2 = zero(), b3 = zero()
  for (let row = 0; row < rows; row++, x += line, g += line) {
    const d0 = f32x4.sub(v128.load(x), c0)
    if (op == 0) a0 = f32x4.add(a0, v128.load(x))
    if (op == 1) a0 = madd(d0, d0, a0)
    if (op == 2) { const s = v128.load(g); a0 = f32x4.add(a0, s); b0 = madd(s, d0, b0) }
    if (four) {
      const d1 = f32x4.sub(v128.load(x, 16), c1), d2 = f32x4.sub(v128.load(x, 32), c2), d3 = f32x4.sub(v128.load(x, 48), c3)
      if (op == 0) { a1 = f32x4.add(a1, v128.load(x, 16)); a2 = f32x4.add(a2, v128.load(x, 32)); a3 = f32x4.add(a3, v128.load(x, 48)) }
      if (op == 1) { a1 = madd(d1, d1, a1); a2 = madd(d2, d2, a2); a3 = madd(d3, d3, a3) }
      if (op == 2) {
        const s1 = v128.load(g, 16), s2 = v128.load(g, 32), s3 = v128.load(g, 48)
        a1 = f32x4.add(a1, s1); a2 = f32x4.add(a2, s2); a3 = f32x4.add(a3, s3)
        b1 = madd(s1, d1, b1); b2 = madd(s2, d2, b2); b3 = madd(s3, d3, b3)
      }
    }
  }
  addTo(first, a0)
  if (four) { addTo(first + 16, a1); addTo(first + 32, a2); addTo(first + 48, a3) }
  if (op == 2) {
    addTo(second, b0)
    if (four) { addTo(second + 16, b1); addTo(second + 32, b2); addTo(second + 48, b3) }
  }
}

@inline
function addTo(target: usize, v: v128): void {
  v128.store(target, f32x4.add(v128.load(target), v))
}

/** Sums of the columns of an image. Whole vectors: what lies behind the last column is summed into what nobody reads. */
@inline
function columnSums(op: i32, x: usize, g: usize, centre: usize, rows: i32, n: i32, first: usize, second: usize): void {
  const line = <usize>n << 2
  const room = <usize>((n + 3) & ~3) << 2
  memory.fill(first, 0, room)
  if (op == 2) memory.fill(second, 0, room)
  for (let row = 0; row < rows; row += blockRows) {
    const count = min(blockRows, rows - row)
    const start = <usize>row * line
    let place: usize = 0
    for (; place + 64 <= line; place += 64) strip(op, true, x + start + place, g + start + place, centre + place, line, count, first + place, second + place)
    for (; place < line; place += 16) strip(op, false, x + start + place, g + start + place, centre + place, line, count, first + place, second + place)
  }
}

/**
 * `scale · (x − mean) · inverse + offset` and a ReLU, with mean and inverse deviation of each group of channels. Work: images.
 *
 * Arguments: x, scale, offset, target, means and inverse deviations `[image][channels]`, pixels of an image, channels, groups, epsilon, whether a ReLU
 * follows, scratch, bytes of it for each thread.
 */
export function groupNorm(args: usize, from: i32, to: i32, thread: i32): void {
  const scale = address(args, 1), offset = address(args, 2), rows = int(args, 6), n = int(args, 7), groups = int(args, 8), epsilon = float(args, 9)
  const floor = f32x4.splat(int(args, 10) != 0 ? 0 : -Infinity)
  const room = <usize>((n + 3) & ~3) << 2
  const sums = address(args, 11) + <usize>thread * int(args, 12), centre = sums + room
  const size = n / groups
  const share = 1 / (<f64>rows * size)
  for (let image = from; image < to; image++) {
    const x = address(args, 0) + ((<usize>image * rows * n) << 2), y = address(args, 3) + ((<usize>image * rows * n) << 2)
    const means = address(args, 4) + ((<usize>image * n) << 2), inverses = address(args, 5) + ((<usize>image * n) << 2)
    columnSums(0, x, 0, 0, rows, n, sums, 0)
    for (let group = 0; group < n; group += size) {
      const mean = <f32>(total(sums, group, size) * share)
      for (let c = group; c < group + size; c++) {
        put(centre, c, mean)
        put(means, c, mean)
      }
    }
    columnSums(1, x, 0, centre, rows, n, sums, 0)
    for (let group = 0; group < n; group += size) {
      const inverse = <f32>(1 / Math.sqrt(total(sums, group, size) * share + epsilon))
      for (let c = group; c < group + size; c++) {
        put(inverses, c, inverse)
        put(sums, c, at(scale, c) * inverse)
      }
    }
    let source = x, target = y
    for (let row = 0; row < rows; row++) {
      let i = 0
      for (; i + 4 <= n; i += 4, source += 16, target += 16) {
        v128.store(target, f32x4.pmax(rescaled(v128.load(source), centre, sums, offset, i), floor))
      }
      if (i < n) {
        storeSome(target, f32x4.pmax(rescaled(loadSome(source, n - i), centre, sums, offset, i), floor), n - i)
        source += <usize>(n - i) << 2
        target += <usize>(n - i) << 2
      }
    }
  }
}

/**
 * What arrives, `g`, on its way to the input, and what each image gives to the gradients of scale and offset. Work: images.
 *
 * Arguments: g, x, scale, means and inverse deviations `[image][channels]`, target, for scale and offset `[image][channels]`, pixels of an image, channels,
 * groups, scratch, bytes of it for each thread.
 */
export function groupNormGradient(args: usize, from: i32, to: i32, thread: i32): void {
  const scale = address(args, 2), rows = int(args, 8), n = int(args, 9), groups = int(args, 10)
  const room = <usize>((n + 3) & ~3) << 2
  const factors = address(args, 11) + <usize>thread * int(args, 12), arrived = factors + room, product = arrived + room
  const size = n / groups
  const share = 1 / (<f64>rows * size)
  for (let image = from; image < to; image++) {
    const map = (<usize>image * rows * n) << 2, channels = (<usize>image * n) << 2
    const means = address(args, 3) + channels, inverses = address(args, 4) + channels, forScale = address(args, 6) + channels, forOffset = address(args, 7) + channels
    let g = address(args, 0) + map, x = address(args, 1) + map, target = address(args, 5) + map
    columnSums(2, x, g, means, rows, n, arrived, product)
    for (let group = 0; group < n; group += size) {
      const inverse = at(inverses, group)
      let sum: f64 = 0, ofUnit: f64 = 0
      for (let c = group; c < group + size; c++) {
        const sumUnit = at(product, c) * inverse
        put(forOffset, c, at(arrived, c))
        put(forScale, c, sumUnit)
        put(factors, c, at(scale, c) * inverse)
        sum += <f64>at(scale, c) * at(arrived, c)
        ofUnit += <f64>at(scale, c) * sumUnit
      }
      // g · factor + (x − mean) · slope + rest
      const slope = <f32>(-ofUnit * share * inverse * inverse), rest = <f32>(-sum * share * inverse)
      for (let c = group; c < group + size; c++) {
        put(product, c, slope)
        put(arrived, c, rest)
      }
    }
    for (let row = 0; row < rows; row++) {
      let i = 0
      for (; i + 4 <= n; i += 4, g += 16, x += 16, target += 16) v128.store(target, moved(v128.load(g), v128.load(x), factors, means, product, arrived, i))
      if (i < n) {
        storeSome(target, moved(loadSome(g, n - i), loadSome(x, n - i), factors, means, product, arrived, i), n - i)
        const rest = <usize>(n - i) << 2
        g += rest
        x += rest
        target += rest
      }
    }
  }
}

@inline
function moved(g: v128, x: v128, factors: usize, means: usize, slopes: usize, rests: usize, column: i32): v128 {
  const place = <usize>column << 2
  return madd(g, v128.load(factors + place), madd(f32x4.sub(x, v128.load(means + place)), v128.load(slopes + place), v128.load(rests + place)))
}

@inline
function rescaled(x: v128, centre: usize, factors: usize, offset: usize, column: i32): v128 {
  const place = <usize>column << 2
  return madd(f32x4.sub(x, v128.load(centre + place)), v128.load(factors + place), v128.load(offset + place))
}

@inline
function at(numbers: usize, place: i32): f32 {
  return load<f32>(numbers + (<usize>place << 2))
}

@inline
function put(numbers: usize, place: i32, value: f32): void {
  store<f32>(numbers + (<usize>place << 2), value)
}

/** The sum of a group's channels. */
function total(sums: usize, group: i32, size: i32): f64 {
  let sum: f64 = 0
  for (let c = group; c < group + size; c++) sum += at(sums, c)
  return sum
}
