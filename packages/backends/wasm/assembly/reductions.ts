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
  return op == 0
    ? f32x4.add(a, b)
    : op == 1
      ? f32x4.max(a, b)
      : op == 2
        ? f32x4.min(a, b)
        : op == 3
          ? f32x4.mul(a, b)
          : f32x4.pmax(a, b)
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
    let a = start(op),
      b = start(op),
      c = start(op),
      d = start(op)
    for (; block >= 16; block -= 16, source += 64) {
      a = joined(op, a, v128.load(source))
      b = joined(op, b, v128.load(source, 16))
      c = joined(op, c, v128.load(source, 32))
      d = joined(op, d, v128.load(source, 48))
    }
    for (; block >= 4; block -= 4, source += 16) a = joined(op, a, v128.load(source))
    for (; block > 0; block--, source += 4) b = joined(op, b, f32x4.replace_lane(start(op), 0, load<f32>(source)))
    total = joined(op, total, joined(op, joined(op, a, b), joined(op, c, d)))
  }
  return alone(op, total)
}

/** Each row to one number times a factor. Work: rows. Arguments: which, source, target, numbers in a row, factor. */
export function reduceRows(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0),
    n = int(args, 3),
    factor = float(args, 4)
  let source = address(args, 1) + ((<usize>from * n) << 2)
  let target = address(args, 2) + ((<usize>from) << 2)
  for (let row = from; row < to; row++) {
    const value =
      op == 0
        ? rowOf(0, source, n) * factor
        : op == 1
          ? rowOf(1, source, n)
          : op == 2
            ? rowOf(2, source, n)
            : rowOf(3, source, n)
    store<f32>(target, value)
    source += (<usize>n) << 2
    target += 4
  }
}

@inline

function columnsOf(op: i32, source: usize, target: usize, rows: i32, n: i32, factor: f32): void {
  const line = (<usize>n) << 2
  const scale = f32x4.splat(op == 0 ? factor : 1)
  let column = 0
  for (; column + 16 <= n; column += 16) {
    let a = start(op),
      b = start(op),
      c = start(op),
      d = start(op)
    let s = source + ((<usize>column) << 2)
    for (let row = 0; row < rows; row++, s += line) {
      a = joined(op, a, v128.load(s))
      b = joined(op, b, v128.load(s, 16))
      c = joined(op, c, v128.load(s, 32))
      d = joined(op, d, v128.load(s, 48))
    }
    const t = target + ((<usize>column) << 2)
    v128.store(t, f32x4.mul(a, scale))
    v128.store(t, f32x4.mul(b, scale), 16)
    v128.store(t, f32x4.mul(c, scale), 32)
    v128.store(t, f32x4.mul(d, scale), 48)
  }
  for (; column < n; column += 4) {
    let a = start(op)
    let s = source + ((<usize>column) << 2)
    for (let row = 0; row < rows; row++, s += line) a = joined(op, a, loadSome(s, n - column))
    storeSome(target + ((<usize>column) << 2), f32x4.mul(a, scale), n - column)
  }
}

/**
 * Blocks of rows to one row each, times a factor. Work: blocks, of all matrices.
 *
 * Arguments: which, source, target, rows of a matrix, columns, factor, rows in a block.
 */
export function reduceColumns(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0),
    rows = int(args, 3),
    n = int(args, 4),
    factor = float(args, 5),
    size = int(args, 6)
  const blocks = (rows + size - 1) / size
  for (let block = from; block < to; block++) {
    const matrix = block / blocks
    const first = (block - matrix * blocks) * size
    const source = address(args, 1) + (((<usize>matrix * rows + first) * n) << 2)
    const target = address(args, 2) + ((<usize>block * n) << 2)
    const count = min(size, rows - first)
    if (op == 0) columnsOf(0, source, target, count, n, factor)
    else if (op == 1) columnsOf(1, source, target, count, n, factor)
    else if (op == 2) columnsOf(2, source, target, count, n, factor)
    else columnsOf(3, source, target, count, n, factor)
  }
}

/**
 * Softmax of each row, or its logarithm. Work: rows. Arguments: source, target, numbers in a row, whether the logarithm
 * is wanted.
 */
export function softmax(args: usize, from: i32, to: i32, thread: i32): void {
  const n = int(args, 2),
    wantsLog = int(args, 3)
  for (let row = from; row < to; row++) {
    const start = (<usize>row * n) << 2
    const source = address(args, 0) + start,
      target = address(args, 1) + start
    const largest = f32x4.splat(rowOf(4, source, n))
    let total = zero()
    let i = 0
    if (wantsLog) {
      for (; i + 4 <= n; i += 4) {
        const place = (<usize>i) << 2
        const away = f32x4.sub(v128.load(source + place), largest)
        total = f32x4.add(total, expBelow4(away))
        v128.store(target + place, away)
      }
    } else {
      for (; i + 4 <= n; i += 4) {
        const place = (<usize>i) << 2
        const power = expBelow4(f32x4.sub(v128.load(source + place), largest))
        total = f32x4.add(total, power)
        v128.store(target + place, power)
      }
    }
    if (i < n) {
      const place = (<usize>i) << 2
      const away = f32x4.sub(loadSome(source + place, n - i), largest)
      const power = expBelow4(away)
      for (let j = 0; j < n - i; j++)
        total = f32x4.add(
          total,
          f32x4.replace_lane(
            zero(),
            0,
            j == 0 ? f32x4.extract_lane(power, 0) : j == 1 ? f32x4.extract_lane(power, 1) : f32x4.extract_lane(power, 2)
          )
        )
      storeSome(target + place, wantsLog ? away : power, n - i)
    }
    const sum = alone(0, total)
    const last = wantsLog ? log4(f32x4.splat(sum)) : f32x4.splat(1 / sum)
    const end = target + ((<usize>(n & ~3)) << 2)
    let place = target
    if (wantsLog) for (; place < end; place += 16) v128.store(place, f32x4.sub(v128.load(place), last))
    else for (; place < end; place += 16) v128.store(place, f32x4.mul(v128.load(place), last))
    if ((n & 3) != 0) {
      const value = loadSome(place, n & 3)
      storeSome(place, wantsLog ? f32x4.sub(value, last) : f32x4.mul(value, last), n & 3)
    }
  }
}

/**
 * Mean of each column over blocks of rows, and summed squares of the distance from it, side by side
 * `[block][2][columns]`. Work: blocks.
 *
 * One reading: distances are taken from the block's first row, which lies among its numbers however far these are from
 * zero, so that `Σ d² − (Σ d)² / n` keeps its digits.
 *
 * Arguments: source, target, rows, columns, rows in a block.
 */
export function blockMoments(args: usize, from: i32, to: i32, thread: i32): void {
  const rows = int(args, 2),
    n = int(args, 3),
    size = int(args, 4)
  const line = (<usize>n) << 2
  for (let block = from; block < to; block++) {
    const first = block * size
    momentsOfBlock(
      address(args, 0) + <usize>first * line,
      address(args, 1) + <usize>block * line * 2,
      min(rows - first, size),
      n
    )
  }
}

/** One block of {@link blockMoments}. */
export function momentsOfBlock(source: usize, totals: usize, count: i32, n: i32): void {
  const line = (<usize>n) << 2
  memory.fill(totals, 0, 2 * line)
  // A few rows at a time, all columns of them: memory is read in order, and totals seldom move.
  let row = 0
  for (; row + 4 <= count; row += 4) {
    let s = source + <usize>row * line
    let column = 0
    for (; column + 4 <= n; column += 4, s += 16) {
      const place = (<usize>column) << 2,
        total = totals + place
      const centre = v128.load(source + place)
      let sum = v128.load(total),
        squares = v128.load(total + line)
      let away = f32x4.sub(v128.load(s), centre)
      sum = f32x4.add(sum, away)
      squares = madd(away, away, squares)
      away = f32x4.sub(v128.load(s + line), centre)
      sum = f32x4.add(sum, away)
      squares = madd(away, away, squares)
      away = f32x4.sub(v128.load(s + 2 * line), centre)
      sum = f32x4.add(sum, away)
      squares = madd(away, away, squares)
      away = f32x4.sub(v128.load(s + 3 * line), centre)
      sum = f32x4.add(sum, away)
      squares = madd(away, away, squares)
      v128.store(total, sum)
      v128.store(total + line, squares)
    }
    if (column < n) for (let i = 0; i < 4; i++) addDistances(s + <usize>i * line, source, totals, line, column, n)
  }
  for (; row < count; row++) {
    let s = source + <usize>row * line
    for (let column = 0; column < n; column += 4, s += 16) addDistances(s, source, totals, line, column, n)
  }
  const share = f32x4.splat(1 / <f32>count)
  for (let column = 0; column < n; column += 4) {
    const place = (<usize>column) << 2,
      total = totals + place,
      left = n - column
    const sum = loadSome(total, left)
    storeSome(total, madd(sum, share, loadSome(source + place, left)), left)
    storeSome(total + line, f32x4.sub(loadSome(total + line, left), f32x4.mul(f32x4.mul(sum, sum), share)), left)
  }
}

/** One row's part of {@link momentsOfBlock} in the columns from one on, four at most. */
@inline

function addDistances(s: usize, source: usize, totals: usize, line: usize, column: i32, n: i32): void {
  const place = (<usize>column) << 2,
    total = totals + place,
    left = n - column
  const away = f32x4.sub(loadSome(s, left), loadSome(source + place, left))
  storeSome(total, f32x4.add(loadSome(total, left), away), left)
  storeSome(total + line, madd(away, away, loadSome(total + line, left)), left)
}

/**
 * Mean and biased variance of each column from those of its blocks (Chan, Golub & LeVeque 1983, eq. 2.1). Work:
 * columns, four at a time.
 *
 * Arguments: what {@link blockMoments} made, target of the means, of the variances, rows, columns, rows in a block.
 */
export function joinMoments(args: usize, from: i32, to: i32, thread: i32): void {
  const rows = int(args, 3),
    n = int(args, 4),
    size = int(args, 5)
  const line = (<usize>n) << 2
  const share = f32x4.splat(1 / <f32>rows)
  for (let vector = from; vector < to; vector++) {
    const left = n - 4 * vector
    const place = (<usize>vector) << 4
    const partial = address(args, 0) + place
    const first = loadSome(partial, left)
    let away = zero()
    for (let row = size, s = partial + 2 * line; row < rows; row += size, s += 2 * line) {
      away = madd(f32x4.sub(loadSome(s, left), first), f32x4.splat(<f32>min(size, rows - row)), away)
    }
    const mean = madd(away, share, first)
    let squares = zero()
    for (let row = 0, s = partial; row < rows; row += size, s += 2 * line) {
      const between = f32x4.sub(loadSome(s, left), mean)
      squares = f32x4.add(
        squares,
        madd(f32x4.mul(between, between), f32x4.splat(<f32>min(size, rows - row)), loadSome(s + line, left))
      )
    }
    storeSome(address(args, 1) + place, mean, left)
    storeSome(address(args, 2) + place, f32x4.mul(squares, share), left)
  }
}

/**
 * Sums over blocks of rows of `g` and of `g · (x − mean)`, side by side `[block][2][columns]`. Work: blocks.
 *
 * Arguments: g, x, target, rows, columns, means, rows in a block.
 */
export function sumsOfProducts(args: usize, from: i32, to: i32, thread: i32): void {
  const rows = int(args, 3),
    n = int(args, 4),
    means = address(args, 5),
    size = int(args, 6)
  const line = (<usize>n) << 2
  for (let block = from; block < to; block++) {
    const first = block * size
    const start = <usize>first * line
    productsOfBlock(
      address(args, 0) + start,
      address(args, 1) + start,
      means,
      address(args, 2) + <usize>block * line * 2,
      min(rows - first, size),
      n
    )
  }
}

/** One block of {@link sumsOfProducts}. */
export function productsOfBlock(g: usize, x: usize, means: usize, totals: usize, count: i32, n: i32): void {
  const line = (<usize>n) << 2
  memory.fill(totals, 0, 2 * line)
  let row = 0
  for (; row + 4 <= count; row += 4) {
    let column = 0
    for (; column + 4 <= n; column += 4, g += 16, x += 16) {
      const place = (<usize>column) << 2,
        total = totals + place
      const mean = v128.load(means + place)
      let sum = v128.load(total),
        products = v128.load(total + line)
      let slope = v128.load(g)
      sum = f32x4.add(sum, slope)
      products = madd(slope, f32x4.sub(v128.load(x), mean), products)
      slope = v128.load(g + line)
      sum = f32x4.add(sum, slope)
      products = madd(slope, f32x4.sub(v128.load(x + line), mean), products)
      slope = v128.load(g + 2 * line)
      sum = f32x4.add(sum, slope)
      products = madd(slope, f32x4.sub(v128.load(x + 2 * line), mean), products)
      slope = v128.load(g + 3 * line)
      sum = f32x4.add(sum, slope)
      products = madd(slope, f32x4.sub(v128.load(x + 3 * line), mean), products)
      v128.store(total, sum)
      v128.store(total + line, products)
    }
    const left = (<usize>(n - column)) << 2
    if (left > 0)
      for (let i: usize = 0; i < 4; i++) addProducts(g + i * line, x + i * line, means, totals, line, column, n)
    g += left + 3 * line
    x += left + 3 * line
  }
  for (; row < count; row++) {
    for (let column = 0; column < n; column += 4)
      addProducts(g + ((<usize>column) << 2), x + ((<usize>column) << 2), means, totals, line, column, n)
    g += line
    x += line
  }
}

/** One row's part of {@link productsOfBlock} in the columns from one on, four at most. */
@inline

function addProducts(g: usize, x: usize, means: usize, totals: usize, line: usize, column: i32, n: i32): void {
  const place = (<usize>column) << 2,
    total = totals + place,
    left = n - column
  const slope = loadSome(g, left)
  storeSome(total, f32x4.add(loadSome(total, left), slope), left)
  storeSome(
    total + line,
    madd(slope, f32x4.sub(loadSome(x, left), loadSome(means + place, left)), loadSome(total + line, left)),
    left
  )
}
