// One number out for each number in. Blocks of memory end on whole vectors, so what lies behind the last number may be
// computed too.
import { address, float, int, loadSome, madd, storeSome, zero } from './common'
import { erf4, exp4, expLessOne4, expLessOneBelow4, log4, logOnePlus4, sigmoid4, softplus4, tanh4 } from './functions'
import { scalarOf, scalarOfTwo, toInt } from './scalars'

// In an order in which what is no number passes, and of one instruction each, which max and min are not.
@inline

function activated(x: v128, activation: i32): v128 {
  if (activation == 0) return x
  const above = f32x4.pmax(x, zero())
  return activation == 1 ? above : f32x4.pmin(above, f32x4.splat(6))
}

// The same order as in src/kernels/unary.ts.
@inline

function unaryOf(op: i32, x: v128, alpha: v128, beta: v128): v128 {
  if (op == 0) return activated(x, 1) // relu
  if (op == 1) return activated(x, 2) // relu6
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
  // step
  if (op == 13) return v128.bitselect(x, v128.bitselect(f32x4.splat(1), alpha, f32x4.gt(x, zero())), f32x4.ne(x, x))
  if (op == 14) return v128.bitselect(x, f32x4.mul(x, alpha), f32x4.ge(x, zero())) // leaky relu
  if (op == 15) return f32x4.floor(x)
  if (op == 16) return f32x4.ceil(x)
  if (op == 17) return f32x4.nearest(x)
  if (op == 18) return v128.bitselect(x, expLessOneBelow4(x), f32x4.ge(x, zero())) // elu
  if (op == 19) {
    // selu
    const below = f32x4.mul(f32x4.splat(1.75809934084737685994), expLessOneBelow4(x))
    return v128.bitselect(f32x4.mul(x, f32x4.splat(1.05070098735548049342)), below, f32x4.ge(x, zero()))
  }
  if (op == 20) return softplus4(x)
  // sign
  if (op == 21)
    return f32x4.sub(v128.and(f32x4.gt(x, zero()), f32x4.splat(1)), v128.and(f32x4.lt(x, zero()), f32x4.splat(1)))
  if (op == 22) return expLessOne4(x)
  if (op == 23) return erf4(x)
  return f32x4.pmax(f32x4.pmin(x, beta), alpha) // clip; in this order what is no number passes
}

@inline

function unaryLoop(op: i32, source: usize, target: usize, end: usize, alpha: v128, beta: v128): void {
  for (; source < end; source += 16, target += 16) v128.store(target, unaryOf(op, v128.load(source), alpha, beta))
}

/** Work: vectors of four. Arguments: which, source, target, alpha, beta. */
export function unary(args: usize, from: i32, to: i32, thread: i32): void {
  const start = (<usize>from) << 4
  const source = address(args, 1) + start,
    target = address(args, 2) + start,
    end = address(args, 1) + ((<usize>to) << 4)
  const alpha = f32x4.splat(float(args, 3)),
    beta = f32x4.splat(float(args, 4))
  switch (int(args, 0)) {
    case 0:
      return unaryLoop(0, source, target, end, alpha, beta)
    case 1:
      return unaryLoop(1, source, target, end, alpha, beta)
    case 2:
      return unaryLoop(2, source, target, end, alpha, beta)
    case 3:
      return unaryLoop(3, source, target, end, alpha, beta)
    case 4:
      return unaryLoop(4, source, target, end, alpha, beta)
    case 5:
      return unaryLoop(5, source, target, end, alpha, beta)
    case 6:
      return unaryLoop(6, source, target, end, alpha, beta)
    case 7:
      return unaryLoop(7, source, target, end, alpha, beta)
    case 8:
      return unaryLoop(8, source, target, end, alpha, beta)
    case 9:
      return unaryLoop(9, source, target, end, alpha, beta)
    case 10:
      return unaryLoop(10, source, target, end, alpha, beta)
    case 11:
      return unaryLoop(11, source, target, end, alpha, beta)
    case 12:
      return unaryLoop(12, source, target, end, alpha, beta)
    case 13:
      return unaryLoop(13, source, target, end, alpha, beta)
    case 14:
      return unaryLoop(14, source, target, end, alpha, beta)
    case 15:
      return unaryLoop(15, source, target, end, alpha, beta)
    case 16:
      return unaryLoop(16, source, target, end, alpha, beta)
    case 17:
      return unaryLoop(17, source, target, end, alpha, beta)
    case 18:
      return unaryLoop(18, source, target, end, alpha, beta)
    case 19:
      return unaryLoop(19, source, target, end, alpha, beta)
    case 20:
      return unaryLoop(20, source, target, end, alpha, beta)
    case 21:
      return unaryLoop(21, source, target, end, alpha, beta)
    case 22:
      return unaryLoop(22, source, target, end, alpha, beta)
    case 23:
      return unaryLoop(23, source, target, end, alpha, beta)
    case 24:
      return unaryLoop(24, source, target, end, alpha, beta)
    default:
      return scalarLoop(int(args, 0), source, target, end)
  }
}

function scalarLoop(op: i32, source: usize, target: usize, end: usize): void {
  for (; source < end; source += 4, target += 4) store<f32>(target, scalarOf(op, load<f32>(source)))
}

// The same order as in src/kernels/binary.ts. The result of a comparison is all ones or all zeros.
const firstComparison = 22 // from here on results are bytes 0 or 1
const firstLogical = 37 // and here given numbers, too

@inline

function binaryOf(op: i32, a: v128, b: v128): v128 {
  if (op == 0) return f32x4.add(a, b)
  if (op == 1) return f32x4.sub(a, b)
  if (op == 2) return f32x4.mul(a, b)
  if (op == 3) return f32x4.div(a, b)
  if (op == 4) return f32x4.max(a, b)
  if (op == 5) return f32x4.min(a, b)
  if (op == 6) {
    const d = f32x4.sub(a, b)
    return f32x4.mul(d, d)
  }
  if (op == 7) return v128.and(a, f32x4.gt(b, zero())) // what passes backward through a ReLU
  // and through an ELU
  if (op == 8) return f32x4.mul(a, v128.bitselect(f32x4.splat(1), f32x4.add(b, f32x4.splat(1)), f32x4.ge(b, zero())))
  if (op == 9) return v128.bitselect(f32x4.mul(a, b), a, f32x4.lt(a, zero())) // parametric ReLU
  if (op == 10) return i32x4.add(a, b)
  if (op == 11) return i32x4.sub(a, b)
  if (op == 12) return i32x4.mul(a, b)
  if (op == 13) return i32x4.max_s(a, b)
  if (op == 14) return i32x4.min_s(a, b)
  if (op == 15) {
    const d = i32x4.sub(a, b)
    return i32x4.mul(d, d)
  }
  if (op == 22) return f32x4.gt(a, b)
  if (op == 23) return f32x4.ge(a, b)
  if (op == 24) return f32x4.lt(a, b)
  if (op == 25) return f32x4.le(a, b)
  if (op == 26) return f32x4.eq(a, b)
  if (op == 27) return f32x4.ne(a, b)
  if (op == 28) return f32x4.ne(a, a) // is no number
  if (op == 29) return f32x4.eq(f32x4.abs(a), f32x4.splat(Infinity))
  if (op == 30) return f32x4.lt(f32x4.abs(a), f32x4.splat(Infinity))
  if (op == 31) return i32x4.gt_s(a, b)
  if (op == 32) return i32x4.ge_s(a, b)
  if (op == 33) return i32x4.lt_s(a, b)
  if (op == 34) return i32x4.le_s(a, b)
  if (op == 35) return i32x4.eq(a, b)
  if (op == 36) return i32x4.ne(a, b)
  return oneByOne(op, a, b)
}

function oneByOne(op: i32, a: v128, b: v128): v128 {
  return i32x4(
    scalarOfTwo(op, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    scalarOfTwo(op, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    scalarOfTwo(op, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    scalarOfTwo(op, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3))
  )
}

/** Four results: numbers, or for comparisons bytes 0 or 1; the first `count` of them. */
@inline

function put(op: i32, target: usize, result: v128, count: i32): void {
  if (op < firstComparison) {
    if (count >= 4) v128.store(target, result)
    else storeSome(target, result, count)
    return
  }
  const ones = v128.and(result, i32x4.splat(1))
  const bytes =
    <i32>i8x16.extract_lane_u(ones, 0) |
    ((<i32>i8x16.extract_lane_u(ones, 4)) << 8) |
    ((<i32>i8x16.extract_lane_u(ones, 8)) << 16) |
    ((<i32>i8x16.extract_lane_u(ones, 12)) << 24)
  if (count >= 4) store<i32>(target, bytes)
  else for (let i = 0; i < count; i++) store<u8>(target + i, <u8>(bytes >> (i << 3)))
}

@inline

function binaryLoop(op: i32, a: usize, b: usize, target: usize, n: i32, aMoves: i32, bMoves: i32): void {
  const width: usize = op < firstComparison ? 16 : 4
  let count = n
  if (aMoves != 0 && bMoves != 0) {
    for (; count >= 4; count -= 4, a += 16, b += 16, target += width)
      put(op, target, binaryOf(op, v128.load(a), v128.load(b)), 4)
    if (count > 0) put(op, target, binaryOf(op, loadSome(a, count), loadSome(b, count)), count)
  } else if (aMoves != 0) {
    const same = v128.load32_splat(b)
    for (; count >= 4; count -= 4, a += 16, target += width) put(op, target, binaryOf(op, v128.load(a), same), 4)
    if (count > 0) put(op, target, binaryOf(op, loadSome(a, count), same), count)
  } else {
    const same = v128.load32_splat(a)
    for (; count >= 4; count -= 4, b += 16, target += width)
      put(op, target, binaryOf(op, same, bMoves != 0 ? v128.load(b) : v128.load32_splat(b)), 4)
    if (count > 0) put(op, target, binaryOf(op, same, bMoves != 0 ? loadSome(b, count) : v128.load32_splat(b)), count)
  }
}

/** Of bytes, each 0 or not. */
@inline

function logicalOf(op: i32, a: v128, b: v128): v128 {
  const noA = i8x16.eq(a, zero()),
    noB = i8x16.eq(b, zero())
  const no =
    op == firstLogical
      ? v128.or(noA, noB) // and
      : op == firstLogical + 1
        ? v128.and(noA, noB) // or
        : op == firstLogical + 2
          ? v128.not(noA) // not
          : op == firstLogical + 3
            ? i8x16.ne(a, b) // equal
            : i8x16.eq(a, b)
  return v128.andnot(i8x16.splat(1), no)
}

function logicalSpan(op: i32, a: usize, b: usize, target: usize, n: i32, aMoves: i32, bMoves: i32): void {
  const end = target + n
  for (; target + 16 <= end; a += 16 * aMoves, b += 16 * bMoves, target += 16) {
    v128.store(
      target,
      logicalOf(op, aMoves != 0 ? v128.load(a) : v128.load8_splat(a), bMoves != 0 ? v128.load(b) : v128.load8_splat(b))
    )
  }
  for (; target < end; a += aMoves, b += bMoves, target++)
    store<u8>(target, i8x16.extract_lane_u(logicalOf(op, v128.load8_splat(a), v128.load8_splat(b)), 0))
}

function binarySpan(op: i32, a: usize, b: usize, target: usize, n: i32, aMoves: i32, bMoves: i32): void {
  switch (op) {
    case 0:
      return binaryLoop(0, a, b, target, n, aMoves, bMoves)
    case 1:
      return binaryLoop(1, a, b, target, n, aMoves, bMoves)
    case 2:
      return binaryLoop(2, a, b, target, n, aMoves, bMoves)
    case 3:
      return binaryLoop(3, a, b, target, n, aMoves, bMoves)
    case 4:
      return binaryLoop(4, a, b, target, n, aMoves, bMoves)
    case 5:
      return binaryLoop(5, a, b, target, n, aMoves, bMoves)
    case 6:
      return binaryLoop(6, a, b, target, n, aMoves, bMoves)
    case 7:
      return binaryLoop(7, a, b, target, n, aMoves, bMoves)
    case 8:
      return binaryLoop(8, a, b, target, n, aMoves, bMoves)
    case 9:
      return binaryLoop(9, a, b, target, n, aMoves, bMoves)
    case 10:
      return binaryLoop(10, a, b, target, n, aMoves, bMoves)
    case 11:
      return binaryLoop(11, a, b, target, n, aMoves, bMoves)
    case 12:
      return binaryLoop(12, a, b, target, n, aMoves, bMoves)
    case 13:
      return binaryLoop(13, a, b, target, n, aMoves, bMoves)
    case 14:
      return binaryLoop(14, a, b, target, n, aMoves, bMoves)
    case 15:
      return binaryLoop(15, a, b, target, n, aMoves, bMoves)
    case 22:
      return binaryLoop(22, a, b, target, n, aMoves, bMoves)
    case 23:
      return binaryLoop(23, a, b, target, n, aMoves, bMoves)
    case 24:
      return binaryLoop(24, a, b, target, n, aMoves, bMoves)
    case 25:
      return binaryLoop(25, a, b, target, n, aMoves, bMoves)
    case 26:
      return binaryLoop(26, a, b, target, n, aMoves, bMoves)
    case 27:
      return binaryLoop(27, a, b, target, n, aMoves, bMoves)
    case 28:
      return binaryLoop(28, a, b, target, n, aMoves, bMoves)
    case 29:
      return binaryLoop(29, a, b, target, n, aMoves, bMoves)
    case 30:
      return binaryLoop(30, a, b, target, n, aMoves, bMoves)
    case 31:
      return binaryLoop(31, a, b, target, n, aMoves, bMoves)
    case 32:
      return binaryLoop(32, a, b, target, n, aMoves, bMoves)
    case 33:
      return binaryLoop(33, a, b, target, n, aMoves, bMoves)
    case 34:
      return binaryLoop(34, a, b, target, n, aMoves, bMoves)
    case 35:
      return binaryLoop(35, a, b, target, n, aMoves, bMoves)
    case 36:
      return binaryLoop(36, a, b, target, n, aMoves, bMoves)
    default:
      return op < firstComparison
        ? binaryLoop(op, a, b, target, n, aMoves, bMoves)
        : logicalSpan(op, a, b, target, n, aMoves, bMoves)
  }
}

/**
 * Work: rows, or vectors of four where there is one row only.
 *
 * Arguments: which, a, b, target, numbers in a row, whether a and b move along it, axes of rows, then for each axis:
 * length, strides of a and b.
 */
export function binary(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0),
    a = address(args, 1),
    b = address(args, 2),
    target = address(args, 3)
  const n = int(args, 4),
    aMoves = int(args, 5),
    bMoves = int(args, 6),
    axes = int(args, 7)
  const shift = op < firstLogical ? 2 : 0
  const width: usize = op < firstComparison ? 4 : 1
  if (axes == 0) {
    const first = from << 2
    binarySpan(
      op,
      a + <usize>((first * aMoves) << shift),
      b + <usize>((first * bMoves) << shift),
      target + <usize>first * width,
      min(n, to << 2) - first,
      aMoves,
      bMoves
    )
    return
  }
  for (let row = from; row < to; row++) {
    let rest = row
    let aPlace = a,
      bPlace = b
    for (let axis = axes - 1; axis >= 0; axis--) {
      const length = int(args, 8 + 3 * axis)
      const whole = rest / length
      const i = rest - whole * length
      aPlace += (<usize>(i * int(args, 9 + 3 * axis))) << shift
      bPlace += (<usize>(i * int(args, 10 + 3 * axis))) << shift
      rest = whole
    }
    binarySpan(op, aPlace, bPlace, target + <usize>row * n * width, n, aMoves, bMoves)
  }
}

/**
 * `a` where the condition's byte is not 0, `b` elsewhere. Work: numbers. Arguments: condition, a, b, target, bytes of a
 * number: 4 or 1.
 */
export function select(args: usize, from: i32, to: i32, thread: i32): void {
  const condition = address(args, 0),
    a = address(args, 1),
    b = address(args, 2),
    target = address(args, 3)
  if (int(args, 4) == 1) {
    for (let i = from; i < to; i++) store<u8>(target + i, load<u8>((load<u8>(condition + i) != 0 ? a : b) + i))
    return
  }
  for (let i = from; i < to; i++) {
    const place = (<usize>i) << 2
    const source = load<u8>(condition + i) != 0 ? a : b
    store<i32>(target + place, load<i32>(source + place))
  }
}

/** Work: vectors of four. Arguments: target, the number's bits. */
export function fill(args: usize, from: i32, to: i32, thread: i32): void {
  const value = i32x4.splat(int(args, 1))
  const end = address(args, 0) + ((<usize>to) << 4)
  for (let target = address(args, 0) + ((<usize>from) << 4); target < end; target += 16) v128.store(target, value)
}

/** From one type of numbers to another. Work: numbers. Arguments: which, source, target. */
export function cast(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 1),
    target = address(args, 2)
  switch (int(args, 0)) {
    case 0: // bytes to floats
      for (let i = from; i < to; i++) store<f32>(target + ((<usize>i) << 2), <f32>load<u8>(source + i))
      return
    case 1: // whole numbers to floats
      for (let i = from; i < to; i++) store<f32>(target + ((<usize>i) << 2), <f32>load<i32>(source + ((<usize>i) << 2)))
      return
    case 2: // bytes to whole numbers
      for (let i = from; i < to; i++) store<i32>(target + ((<usize>i) << 2), load<u8>(source + i))
      return
    case 3: // floats to bytes, 0 or 1
      for (let i = from; i < to; i++) store<u8>(target + i, <u8>(load<f32>(source + ((<usize>i) << 2)) != 0))
      return
    case 4: // whole numbers to bytes
      for (let i = from; i < to; i++) store<u8>(target + i, <u8>(load<i32>(source + ((<usize>i) << 2)) != 0))
      return
    default: {
      // floats to whole numbers
      let i = from
      for (; i + 4 <= to; i += 4) {
        const x = v128.load(source + ((<usize>i) << 2))
        if (!v128.any_true(f32x4.ge(f32x4.abs(x), f32x4.splat(2147483648))))
          v128.store(target + ((<usize>i) << 2), i32x4.trunc_sat_f32x4_s(x))
        else
          for (let j = i; j < i + 4; j++)
            store<i32>(target + ((<usize>j) << 2), toInt(load<f32>(source + ((<usize>j) << 2))))
      }
      for (; i < to; i++) store<i32>(target + ((<usize>i) << 2), toInt(load<f32>(source + ((<usize>i) << 2))))
    }
  }
}

@inline

function affineRows(
  source: usize,
  factors: usize,
  offsets: usize,
  target: usize,
  rows: i32,
  n: i32,
  activation: i32
): void {
  for (let row = 0; row < rows; row++) {
    let i = 0
    for (; i + 16 <= n; i += 16) {
      const place = (<usize>i) << 2,
        factor = factors + place,
        offset = offsets + place
      v128.store(
        target,
        activated(f32x4.add(f32x4.mul(v128.load(source), v128.load(factor)), v128.load(offset)), activation)
      )
      v128.store(
        target,
        activated(
          f32x4.add(f32x4.mul(v128.load(source, 16), v128.load(factor, 16)), v128.load(offset, 16)),
          activation
        ),
        16
      )
      v128.store(
        target,
        activated(
          f32x4.add(f32x4.mul(v128.load(source, 32), v128.load(factor, 32)), v128.load(offset, 32)),
          activation
        ),
        32
      )
      v128.store(
        target,
        activated(
          f32x4.add(f32x4.mul(v128.load(source, 48), v128.load(factor, 48)), v128.load(offset, 48)),
          activation
        ),
        48
      )
      source += 64
      target += 64
    }
    for (; i < n; i += 4) {
      const place = (<usize>i) << 2,
        count = min(4, n - i)
      storeSome(
        target,
        activated(
          f32x4.add(
            f32x4.mul(loadSome(source, count), loadSome(factors + place, count)),
            loadSome(offsets + place, count)
          ),
          activation
        ),
        count
      )
      source += (<usize>count) << 2
      target += (<usize>count) << 2
    }
  }
}

/**
 * `x · factor + offset` along the last axis, and a ReLU. Work: rows. Arguments: source, factors, offsets, target,
 * numbers in a row, activation.
 */
export function affine(args: usize, from: i32, to: i32, thread: i32): void {
  const factors = address(args, 1),
    offsets = address(args, 2),
    n = int(args, 4),
    activation = int(args, 5)
  const start = (<usize>from * n) << 2
  const source = address(args, 0) + start,
    target = address(args, 3) + start
  if (activation == 0) affineRows(source, factors, offsets, target, to - from, n, 0)
  else if (activation == 1) affineRows(source, factors, offsets, target, to - from, n, 1)
  else affineRows(source, factors, offsets, target, to - from, n, 2)
}

/**
 * `(x − c) · a + (y − d) · b` along the last axis. Work: rows. Arguments: x, y, a, b, c, d, target, numbers in a row.
 */
export function affineOfTwo(args: usize, from: i32, to: i32, thread: i32): void {
  const a = address(args, 2),
    b = address(args, 3),
    c = address(args, 4),
    d = address(args, 5),
    n = int(args, 7)
  const start = (<usize>from * n) << 2
  let x = address(args, 0) + start,
    y = address(args, 1) + start,
    target = address(args, 6) + start
  for (let row = from; row < to; row++) {
    let i = 0
    for (; i + 8 <= n; i += 8) {
      const place = (<usize>i) << 2
      const second = f32x4.mul(f32x4.sub(v128.load(y), v128.load(d + place)), v128.load(b + place))
      v128.store(target, madd(f32x4.sub(v128.load(x), v128.load(c + place)), v128.load(a + place), second))
      const fourth = f32x4.mul(f32x4.sub(v128.load(y, 16), v128.load(d + place, 16)), v128.load(b + place, 16))
      v128.store(
        target,
        madd(f32x4.sub(v128.load(x, 16), v128.load(c + place, 16)), v128.load(a + place, 16), fourth),
        16
      )
      x += 32
      y += 32
      target += 32
    }
    for (; i < n; i += 4) {
      const place = (<usize>i) << 2,
        count = min(4, n - i)
      const second = f32x4.mul(f32x4.sub(loadSome(y, count), loadSome(d + place, count)), loadSome(b + place, count))
      storeSome(
        target,
        madd(f32x4.sub(loadSome(x, count), loadSome(c + place, count)), loadSome(a + place, count), second),
        count
      )
      x += (<usize>count) << 2
      y += (<usize>count) << 2
      target += (<usize>count) << 2
    }
  }
}

/** The ReLU of a sum. Work: vectors of four. Arguments: a, b, target. */
export function reluOfSum(args: usize, from: i32, to: i32, thread: i32): void {
  const start = (<usize>from) << 4,
    end = address(args, 0) + ((<usize>to) << 4)
  let a = address(args, 0) + start,
    b = address(args, 1) + start,
    target = address(args, 2) + start
  for (; a < end; a += 16, b += 16, target += 16)
    v128.store(target, activated(f32x4.add(v128.load(a), v128.load(b)), 1))
}
