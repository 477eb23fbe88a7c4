// One number out for each number in. Blocks of memory end on whole vectors, so what lies behind the last number may be computed too.
import { address, float, int, loadSome, madd, storeSome, zero } from './common'
import { exp4, log4, logOnePlus4, sigmoid4, tanh4 } from './functions'

// The same order as in src/kernels/unary.ts.
@inline
function unaryOf(op: i32, x: v128, alpha: v128, beta: v128): v128 {
  if (op == 0) return f32x4.pmax(x, zero()) // relu; in this order what is no number passes
  if (op == 1) return f32x4.pmin(f32x4.pmax(x, zero()), f32x4.splat(6)) // relu6
  if (op == 2) return f32x4.neg(x)
  if (op == 3) return f32x4.abs(x)
  if (op == 4) return f32x4.mul(x, x)
  if (op == 5) return f32x4.sqrt(x)
  if (op == 6) return f32x4.div(f32x4.splat(1), f32x4.sqrt(x))
  if (op == 7) return f32x4.div(f32x4.splat(1), x)
  if (op == 8) return exp4(x)
  if (op == 9) return log4(x)
  if (op == 10) return logOnePlus4(x)
  if (op == 11) return sigmoid4(x)
  if (op == 12) return tanh4(x)
  if (op == 13) return v128.bitselect(x, v128.bitselect(f32x4.splat(1), alpha, f32x4.gt(x, zero())), f32x4.ne(x, x)) // step
  if (op == 14) return v128.bitselect(x, f32x4.mul(x, alpha), f32x4.ge(x, zero())) // leaky relu
  if (op == 15) return f32x4.floor(x)
  if (op == 16) return f32x4.ceil(x)
  if (op == 17) return f32x4.nearest(x)
  return f32x4.pmax(f32x4.pmin(x, beta), alpha) // clip; in this order what is no number passes
}

@inline
function unaryLoop(op: i32, source: usize, target: usize, end: usize, alpha: v128, beta: v128): void {
  for (; source < end; source += 16, target += 16) v128.store(target, unaryOf(op, v128.load(source), alpha, beta))
}

/** Work: vectors of four. Arguments: which, source, target, alpha, beta. */
export function unary(args: usize, from: i32, to: i32, thread: i32): void {
  const start = <usize>from << 4
  const source = address(args, 1) + start, target = address(args, 2) + start, end = address(args, 1) + (<usize>to << 4)
  const alpha = f32x4.splat(float(args, 3)), beta = f32x4.splat(float(args, 4))
  switch (int(args, 0)) {
    case 0: return unaryLoop(0, source, target, end, alpha, beta)
    case 1: return unaryLoop(1, source, target, end, alpha, beta)
    case 2: return unaryLoop(2, source, target, end, alpha, beta)
    case 3: return unaryLoop(3, source, target, end, alpha, beta)
    case 4: return unaryLoop(4, source, target, end, alpha, beta)
    case 5: return unaryLoop(5, source, target, end, alpha, beta)
    case 6: return unaryLoop(6, source, target, end, alpha, beta)
    case 7: return unaryLoop(7, source, target, end, alpha, beta)
    case 8: return unaryLoop(8, source, target, end, alpha, beta)
    case 9: return unaryLoop(9, source, target, end, alpha, beta)
    case 10: return unaryLoop(10, source, target, end, alpha, beta)
    case 11: return unaryLoop(11, source, target, end, alpha, beta)
    case 12: return unaryLoop(12, source, target, end, alpha, beta)
    case 13: return unaryLoop(13, source, target, end, alpha, beta)
    case 14: return unaryLoop(14, source, target, end, alpha, beta)
    case 15: return unaryLoop(15, source, target, end, alpha, beta)
    case 16: return unaryLoop(16, source, target, end, alpha, beta)
    case 17: return unaryLoop(17, source, target, end, alpha, beta)
    default: return unaryLoop(18, source, target, end, alpha, beta)
  }
}

// The same order as in src/kernels/binary.ts. The result of a comparison is all ones or all zeros.
const comparisons: i32 = 9

@inline
function binaryOf(op: i32, a: v128, b: v128): v128 {
  if (op == 0) return f32x4.add(a, b)
  if (op == 1) return f32x4.sub(a, b)
  if (op == 2) return f32x4.mul(a, b)
  if (op == 3) return f32x4.div(a, b)
  if (op == 4) return f32x4.max(a, b)
  if (op == 5) return f32x4.min(a, b)
  if (op == 6) { const d = f32x4.sub(a, b); return f32x4.mul(d, d) }
  if (op == 7) return v128.and(a, f32x4.gt(b, zero())) // what passes backward through a ReLU
  if (op == 8) return f32x4.pmax(f32x4.add(a, b), zero()) // relu of the sum
  if (op == 9) return f32x4.gt(a, b)
  if (op == 10) return f32x4.ge(a, b)
  if (op == 11) return f32x4.lt(a, b)
  if (op == 12) return f32x4.le(a, b)
  if (op == 13) return f32x4.eq(a, b)
  return f32x4.ne(a, b)
}

/** Four results: numbers, or for comparisons bytes 0 or 1; the first `count` of them. */
@inline
function put(op: i32, target: usize, result: v128, count: i32): void {
  if (op < comparisons) {
    if (count >= 4) v128.store(target, result)
    else storeSome(target, result, count)
    return
  }
  const ones = v128.and(result, i32x4.splat(1))
  const bytes = <i32>i8x16.extract_lane_u(ones, 0) | <i32>i8x16.extract_lane_u(ones, 4) << 8 | <i32>i8x16.extract_lane_u(ones, 8) << 16 | <i32>i8x16.extract_lane_u(ones, 12) << 24
  if (count >= 4) store<i32>(target, bytes)
  else for (let i = 0; i < count; i++) store<u8>(target + i, <u8>(bytes >> (i << 3)))
}

@inline
function binaryLoop(op: i32, a: usize, b: usize, target: usize, n: i32, aMoves: i32, bMoves: i32): void {
  const width: usize = op < comparisons ? 16 : 4
  let count = n
  if (aMoves != 0 && bMoves != 0) {
    for (; count >= 4; count -= 4, a += 16, b += 16, target += width) put(op, target, binaryOf(op, v128.load(a), v128.load(b)), 4)
    if (count > 0) put(op, target, binaryOf(op, loadSome(a, count), loadSome(b, count)), count)
  } else if (aMoves != 0) {
    const same = v128.load32_splat(b)
    for (; count >= 4; count -= 4, a += 16, target += width) put(op, target, binaryOf(op, v128.load(a), same), 4)
    if (count > 0) put(op, target, binaryOf(op, loadSome(a, count), same), count)
  } else {
    const same = v128.load32_splat(a)
    for (; count >= 4; count -= 4, b += 16, target += width) put(op, target, binaryOf(op, same, bMoves != 0 ? v128.load(b) : v128.load32_splat(b)), 4)
    if (count > 0) put(op, target, binaryOf(op, same, bMoves != 0 ? loadSome(b, count) : v128.load32_splat(b)), count)
  }
}

function binarySpan(op: i32, a: usize, b: usize, target: usize, n: i32, aMoves: i32, bMoves: i32): void {
  switch (op) {
    case 0: return binaryLoop(0, a, b, target, n, aMoves, bMoves)
    case 1: return binaryLoop(1, a, b, target, n, aMoves, bMoves)
    case 2: return binaryLoop(2, a, b, target, n, aMoves, bMoves)
    case 3: return binaryLoop(3, a, b, target, n, aMoves, bMoves)
    case 4: return binaryLoop(4, a, b, target, n, aMoves, bMoves)
    case 5: return binaryLoop(5, a, b, target, n, aMoves, bMoves)
    case 6: return binaryLoop(6, a, b, target, n, aMoves, bMoves)
    case 7: return binaryLoop(7, a, b, target, n, aMoves, bMoves)
    case 8: return binaryLoop(8, a, b, target, n, aMoves, bMoves)
    case 9: return binaryLoop(9, a, b, target, n, aMoves, bMoves)
    case 10: return binaryLoop(10, a, b, target, n, aMoves, bMoves)
    case 11: return binaryLoop(11, a, b, target, n, aMoves, bMoves)
    case 12: return binaryLoop(12, a, b, target, n, aMoves, bMoves)
    case 13: return binaryLoop(13, a, b, target, n, aMoves, bMoves)
    default: return binaryLoop(14, a, b, target, n, aMoves, bMoves)
  }
}

/**
 * Work: rows, or vectors of four where there is one row only.
 *
 * Arguments: which, a, b, target, numbers in a row, whether a and b move along it, axes of rows, then for each axis: length, strides of a and b.
 */
export function binary(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0), a = address(args, 1), b = address(args, 2), target = address(args, 3)
  const n = int(args, 4), aMoves = int(args, 5), bMoves = int(args, 6), axes = int(args, 7)
  const width: usize = op < comparisons ? 4 : 1
  if (axes == 0) {
    const first = from << 2
    binarySpan(op, a + <usize>(first * aMoves << 2), b + <usize>(first * bMoves << 2), target + <usize>first * width, min(n, to << 2) - first, aMoves, bMoves)
    return
  }
  for (let row = from; row < to; row++) {
    let rest = row
    let aPlace = a, bPlace = b
    for (let axis = axes - 1; axis >= 0; axis--) {
      const length = int(args, 8 + 3 * axis)
      const whole = rest / length
      const i = rest - whole * length
      aPlace += <usize>(i * int(args, 9 + 3 * axis)) << 2
      bPlace += <usize>(i * int(args, 10 + 3 * axis)) << 2
      rest = whole
    }
    binarySpan(op, aPlace, bPlace, target + <usize>row * n * width, n, aMoves, bMoves)
  }
}

/** `a` where the condition's byte is not 0, `b` elsewhere. Work: numbers. Arguments: condition, a, b, target. */
export function select(args: usize, from: i32, to: i32, thread: i32): void {
  const condition = address(args, 0), a = address(args, 1), b = address(args, 2), target = address(args, 3)
  for (let i = from; i < to; i++) {
    const place = <usize>i << 2
    const source = load<u8>(condition + i) != 0 ? a : b
    store<i32>(target + place, load<i32>(source + place))
  }
}

/** Work: vectors of four. Arguments: target, the number's bits. */
export function fill(args: usize, from: i32, to: i32, thread: i32): void {
  const value = i32x4.splat(int(args, 1))
  const end = address(args, 0) + (<usize>to << 4)
  for (let target = address(args, 0) + (<usize>from << 4); target < end; target += 16) v128.store(target, value)
}

/** From one type of numbers to another. Work: numbers. Arguments: which, source, target. */
export function cast(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 1), target = address(args, 2)
  switch (int(args, 0)) {
    case 0: // bytes to floats
      for (let i = from; i < to; i++) store<f32>(target + (<usize>i << 2), <f32>load<u8>(source + i))
      return
    case 1: // whole numbers to floats
      for (let i = from; i < to; i++) store<f32>(target + (<usize>i << 2), <f32>load<i32>(source + (<usize>i << 2)))
      return
    case 2: // bytes to whole numbers
      for (let i = from; i < to; i++) store<i32>(target + (<usize>i << 2), load<u8>(source + i))
      return
    default: // floats to bytes, 0 or 1
      for (let i = from; i < to; i++) store<u8>(target + i, <u8>(load<f32>(source + (<usize>i << 2)) != 0))
  }
}

/** `x · factor + offset` along the last axis, and a ReLU. Work: rows. Arguments: source, factors, offsets, target, numbers in a row, activation. */
export function affine(args: usize, from: i32, to: i32, thread: i32): void {
  const factors = address(args, 1), offsets = address(args, 2), n = int(args, 4), activation = int(args, 5)
  const start = <usize>from * n << 2
  let source = address(args, 0) + start, target = address(args, 3) + start
  const floor = f32x4.splat(activation == 0 ? -Infinity : 0), ceiling = f32x4.splat(activation == 2 ? 6 : Infinity)
  for (let row = from; row < to; row++) {
    let i = 0
    for (; i + 4 <= n; i += 4) {
      const place = <usize>i << 2
      const y = f32x4.add(f32x4.mul(v128.load(source), v128.load(factors + place)), v128.load(offsets + place))
      v128.store(target, f32x4.pmin(f32x4.pmax(y, floor), ceiling))
      source += 16
      target += 16
    }
    if (i < n) {
      const place = <usize>i << 2
      const y = f32x4.add(f32x4.mul(loadSome(source, n - i), loadSome(factors + place, n - i)), loadSome(offsets + place, n - i))
      storeSome(target, f32x4.pmin(f32x4.pmax(y, floor), ceiling), n - i)
      source += <usize>(n - i) << 2
      target += <usize>(n - i) << 2
    }
  }
}

/** `(x − c) · a + (y − d) · b` along the last axis. Work: rows. Arguments: x, y, a, b, c, d, target, numbers in a row. */
export function affineOfTwo(args: usize, from: i32, to: i32, thread: i32): void {
  const a = address(args, 2), b = address(args, 3), c = address(args, 4), d = address(args, 5), n = int(args, 7)
  const start = <usize>from * n << 2
  let x = address(args, 0) + start, y = address(args, 1) + start, target = address(args, 6) + start
  for (let row = from; row < to; row++) {
    let i = 0
    for (; i + 4 <= n; i += 4) {
      const place = <usize>i << 2
      const second = f32x4.mul(f32x4.sub(v128.load(y), v128.load(d + place)), v128.load(b + place))
      v128.store(target, madd(f32x4.sub(v128.load(x), v128.load(c + place)), v128.load(a + place), second))
      x += 16
      y += 16
      target += 16
    }
    if (i < n) {
      const place = <usize>i << 2, count = n - i
      const second = f32x4.mul(f32x4.sub(loadSome(y, count), loadSome(d + place, count)), loadSome(b + place, count))
      storeSome(target, madd(f32x4.sub(loadSome(x, count), loadSome(c + place, count)), loadSome(a + place, count), second), count)
      x += <usize>count << 2
      y += <usize>count << 2
      target += <usize>count << 2
    }
  }
}
