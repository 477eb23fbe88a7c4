// Many numbers to one. Totals are taken in blocks, so that float32 keeps their digits however many there are.
import { address, float, int, loadSome, madd, storeSome, zero } from './common'
import { expBelow4, log4 } from './functions'

@inline
function start(op: i32): v128 {
  return f32x4.splat(op == 0 ? 0 : op == 1 || op == 4 ? -Infinity : op == 2 ? Infinity : 1)
}

// The same order as in src/kernels/reductions.ts.
@inline
function joined(op: i32, a: v128, b: v128): v128 {
  // The last passes over what is no number, and is quicker.
  return op == 0 ? f32x4.add(a, b) : op == 1 ? f32x4.max(a, b) : op == 2 ? f32x4.min(a, b) : op == 3 ? f32x4.mul(a, b) : f32x4.pmax(a, b)
}

@inline
function alone(op: i32, v: v128): f32 {
  const pairs = joined(op, v, v128.shuffle<f32>(v, v, 2, 3, 0, 1))
  return f32x4.extract_lane(joined(op, pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2)), 0)
}

@inline
function rowOf(op: i32, source: usize, n: i32): f32 {
  let total = start(op)
  let left = n
  while (left > 0) {
    let block = min(left, 2048)
    left -= block
    let a = start(op), b = start(op), c = start(op), d = start(op)
    for (; block >= 16; block -= 16, source += 64) {
      a = joined(op, a, v128.load(source)); b = joined(op, b, v128.load(source, 16))
      c = joined(op, c, v128.load(source, 32)); d = joined(op, d, v128.load(source, 48))
    }
    for (; block >= 4; block -= 4, source += 16) a = joined(op, a, v128.load(source))
    for (; block > 0; block--, source += 4) b = joined(op, b, f32x4.replace_lane(start(op), 0, load<f32>(source)))
    total = joined(op, total, joined(op, joined(op, a, b), joined(op, c, d)))
  }
  return alone(op, total)
}

/** Each row to one number times a factor. Work: rows. Arguments: which, source, target, numbers in a row, factor. */
export function reduceRows(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0), n = int(args, 3), factor = float(args, 4)
  let source = address(args, 1) + (<usize>from * n << 2)
  let target = address(args, 2) + (<usize>from << 2)
  for (let row = from; row < to; row++) {
    const value = op == 0 ? rowOf(0, source, n) * factor : op == 1 ? rowOf(1, source, n) : op == 2 ? rowOf(2, source, n) : rowOf(3, source, n)
    store<f32>(target, value)
    source += <usize>n << 2
    target += 4
  }
}

@inline
function columnsOf(op: i32, source: usize, target: usize, rows: i32, n: i32, factor: f32): void {
  const line = <usize>n << 2
  const scale = f32x4.splat(op == 0 ? factor : 1)
  let column = 0
  for (; column + 16 <= n; column += 16) {
    let a = start(op), b = start(op), c = start(op), d = start(op)
    let s = source + (<usize>column << 2)
    for (let row = 0; row < rows; row++, s += line) {
      a = joined(op, a, v128.load(s)); b = joined(op, b, v128.load(s, 16))
      c = joined(op, c, v128.load(s, 32)); d = joined(op, d, v128.load(s, 48))
    }
    const t = target + (<usize>column << 2)
    v128.store(t, f32x4.mul(a, scale)); v128.store(t, f32x4.mul(b, scale), 16)
    v128.store(t, f32x4.mul(c, scale), 32); v128.store(t, f32x4.mul(d, scale), 48)
  }
  for (; column < n; column += 4) {
    let a = start(op)
    let s = source + (<usize>column << 2)
    for (let row = 0; row < rows; row++, s += line) a = joined(op, a, loadSome(s, n - column))
    storeSome(target + (<usize>column << 2), f32x4.mul(a, scale), n - column)
  }
}

/**
 * Blocks of rows to one row each, times a factor. Work: blocks, of all matrices.
 *
 * Arguments: which, source, target, rows of a matrix, columns, factor, rows in a block.
 */
export function reduceColumns(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0), rows = int(args, 3), n = int(args, 4), factor = float(args, 5), size = int(args, 6)
  const blocks = (rows + size - 1) / size
  for (let block = from; block < to; block++) {
    const matrix = block / blocks
    const first = (block - matrix * blocks) * size
    const source = address(args, 1) + ((<usize>matrix * rows + first) * n << 2)
    const target = address(args, 2) + (<usize>block * n << 2)
    const count = min(size, rows - first)
    if (op == 0) columnsOf(0, source, target, count, n, factor)
    else if (op == 1) columnsOf(1, source, target, count, n, factor)
    else if (op == 2) columnsOf(2, source, target, count, n, factor)
    else columnsOf(3, source, target, count, n, factor)
  }
}

/** Softmax of each row, or its logarithm. Work: rows. Arguments: source, target, numbers in a row, whether the logarithm is wanted. */
export function softmax(args: usize, from: i32, to: i32, thread: i32): void {
  const n = int(args, 2), wantsLog = int(args, 3)
  for (let row = from; row < to; row++) {
    const start = <usize>row * n << 2
    const source = address(args, 0) + start, target = address(args, 1) + start
    const largest = f32x4.splat(rowOf(4, source, n))
    let total = zero()
    let i = 0
    if (wantsLog) {
      for (; i + 4 <= n; i += 4) {
        const place = <usize>i << 2
        const away = f32x4.sub(v128.load(source + place), largest)
        total = f32x4.add(total, expBelow4(away))
        v128.store(target + place, away)
      }
    } else {
      for (; i + 4 <= n; i += 4) {
        const place = <usize>i << 2
        const power = expBelow4(f32x4.sub(v128.load(source + place), largest))
        total = f32x4.add(total, power)
        v128.store(target + place, power)
      }
    }
    if (i < n) {
      const place = <usize>i << 2
      const away = f32x4.sub(loadSome(source + place, n - i), largest)
      const power = expBelow4(away)
      for (let j = 0; j < n - i; j++) total = f32x4.add(total, f32x4.replace_lane(zero(), 0, j == 0 ? f32x4.extract_lane(power, 0) : j == 1 ? f32x4.extract_lane(power, 1) : f32x4.extract_lane(power, 2)))
      storeSome(target + place, wantsLog ? away : power, n - i)
    }
    const sum = alone(0, total)
    const last = wantsLog ? log4(f32x4.splat(sum)) : f32x4.splat(1 / sum)
    const end = target + (<usize>(n & ~3) << 2)
    let place = target
    if (wantsLog) for (; place < end; place += 16) v128.store(place, f32x4.sub(v128.load(place), last))
    else for (; place < end; place += 16) v128.store(place, f32x4.mul(v128.load(place), last))
    if ((n & 3) != 0) {
      const value = loadSome(place, n & 3)
      storeSome(place, wantsLog ? f32x4.sub(value, last) : f32x4.mul(value, last), n & 3)
    }
  }
}

/** Sums over blocks of rows of the squared distance from a mean. Work: blocks. Arguments: source, target, rows, columns, means, rows in a block. */
export function squaredDeviations(args: usize, from: i32, to: i32, thread: i32): void {
  const rows = int(args, 2), n = int(args, 3), means = address(args, 4), size = int(args, 5)
  const line = <usize>n << 2
  for (let block = from; block < to; block++) {
    const first = block * size
    const end = min(rows, first + size)
    const target = address(args, 1) + <usize>block * line
    let column = 0
    for (; column + 16 <= n; column += 16) {
      const place = <usize>column << 2
      const m0 = v128.load(means + place), m1 = v128.load(means + place, 16), m2 = v128.load(means + place, 32), m3 = v128.load(means + place, 48)
      let a = zero(), b = zero(), c = zero(), d = zero()
      let s = address(args, 0) + <usize>first * line + place
      for (let row = first; row < end; row++, s += line) {
        const d0 = f32x4.sub(v128.load(s), m0), d1 = f32x4.sub(v128.load(s, 16), m1), d2 = f32x4.sub(v128.load(s, 32), m2), d3 = f32x4.sub(v128.load(s, 48), m3)
        a = madd(d0, d0, a); b = madd(d1, d1, b)
        c = madd(d2, d2, c); d = madd(d3, d3, d)
      }
      const t = target + place
      v128.store(t, a); v128.store(t, b, 16)
      v128.store(t, c, 32); v128.store(t, d, 48)
    }
    for (; column < n; column += 8) {
      const place = <usize>column << 2
      const count = n - column
      const m0 = loadSome(means + place, count), m1 = loadSome(means + place + 16, count - 4)
      let a = zero(), b = zero()
      let s = address(args, 0) + <usize>first * line + place
      if (count >= 8) {
        for (let row = first; row < end; row++, s += line) {
          const d0 = f32x4.sub(v128.load(s), m0), d1 = f32x4.sub(v128.load(s, 16), m1)
          a = madd(d0, d0, a)
          b = madd(d1, d1, b)
        }
      } else {
        for (let row = first; row < end; row++, s += line) {
          const d0 = f32x4.sub(loadSome(s, count), m0), d1 = f32x4.sub(loadSome(s + 16, count - 4), m1)
          a = madd(d0, d0, a)
          b = madd(d1, d1, b)
        }
      }
      storeSome(target + place, a, count)
      storeSome(target + place + 16, b, count - 4)
    }
  }
}

/**
 * Sums over blocks of rows of `g` and of `g · (x − mean)`, side by side `[block][2][columns]`. Work: blocks.
 *
 * Arguments: g, x, target, rows, columns, means, rows in a block.
 */
export function sumsOfProducts(args: usize, from: i32, to: i32, thread: i32): void {
  const rows = int(args, 3), n = int(args, 4), means = address(args, 5), size = int(args, 6)
  const line = <usize>n << 2
  for (let block = from; block < to; block++) {
    const first = block * size
    const end = min(rows, first + size)
    const target = address(args, 2) + <usize>block * line * 2
    let column = 0
    for (; column + 16 <= n; column += 16) {
      const place = <usize>column << 2
      const m0 = v128.load(means + place), m1 = v128.load(means + place, 16), m2 = v128.load(means + place, 32), m3 = v128.load(means + place, 48)
      let a = zero(), b = zero(), c = zero(), d = zero(), p = zero(), q = zero(), r = zero(), s = zero()
      let g = address(args, 0) + <usize>first * line + place
      let x = address(args, 1) + <usize>first * line + place
      for (let row = first; row < end; row++, g += line, x += line) {
        let slope = v128.load(g)
        a = f32x4.add(a, slope)
        p = madd(slope, f32x4.sub(v128.load(x), m0), p)
        slope = v128.load(g, 16)
        b = f32x4.add(b, slope)
        q = madd(slope, f32x4.sub(v128.load(x, 16), m1), q)
        slope = v128.load(g, 32)
        c = f32x4.add(c, slope)
        r = madd(slope, f32x4.sub(v128.load(x, 32), m2), r)
        slope = v128.load(g, 48)
        d = f32x4.add(d, slope)
        s = madd(slope, f32x4.sub(v128.load(x, 48), m3), s)
      }
      const t = target + place, u = t + line
      v128.store(t, a); v128.store(t, b, 16); v128.store(t, c, 32); v128.store(t, d, 48)
      v128.store(u, p); v128.store(u, q, 16); v128.store(u, r, 32); v128.store(u, s, 48)
    }
    for (; column < n; column += 8) {
      const place = <usize>column << 2
      const count = n - column
      const m0 = loadSome(means + place, count), m1 = loadSome(means + place + 16, count - 4)
      let a = zero(), b = zero(), p = zero(), q = zero()
      let g = address(args, 0) + <usize>first * line + place
      let x = address(args, 1) + <usize>first * line + place
      for (let row = first; row < end; row++, g += line, x += line) {
        const g0 = count >= 4 ? v128.load(g) : loadSome(g, count)
        const x0 = count >= 4 ? v128.load(x) : loadSome(x, count)
        a = f32x4.add(a, g0)
        p = madd(g0, f32x4.sub(x0, m0), p)
        if (count > 4) {
          const g1 = count >= 8 ? v128.load(g, 16) : loadSome(g + 16, count - 4)
          const x1 = count >= 8 ? v128.load(x, 16) : loadSome(x + 16, count - 4)
          b = f32x4.add(b, g1)
          q = madd(g1, f32x4.sub(x1, m1), q)
        }
      }
      storeSome(target + place, a, count)
      storeSome(target + place + 16, b, count - 4)
      storeSome(target + line + place, p, count)
      storeSome(target + line + place + 16, q, count - 4)
    }
  }
}
