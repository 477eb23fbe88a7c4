// Σ c log Σ exp(z · z′ / t), the inner sum over all other rows, and its slope for the rows z. Similarities are
// symmetric: blocks of rows meet once, and what they have in common serves both. It is computed in tiles that stay in
// the cache, for the totals and again for the slopes.
import { address, float, int, zero } from './common'
import { expBelow4 } from './functions'
import { multiplyFour } from './products'

/** Rows and columns of a tile; as in src/kernels/contrast.ts. */
const side: i32 = 64

/** Bytes of a row of a tile, and of a tile. */
const line: usize = 256
const tileBytes: usize = 16384

/**
 * Blocks of rows meet in rounds: in round `r` those whose numbers add up to `r`, modulo how many there are. Each meets
 * one, maybe itself. So no two threads write to the same rows, and what rows are given adds up in one order, however
 * many threads there are. Work: pairs of a round.
 *
 * One pass finds the largest similarity of each row to others and the total of exponentials as seen from it. A second
 * adds to the slope of each row what pairs weigh – `share · exp(similarity − largest)` of either row – times the
 * others.
 *
 * Arguments: panels of eight rows, rows, numbers in a row, rows that ask (the first; others only answer), rows of a
 * block, blocks, round, one over the temperature, largest, totals or, in the second pass, shares; scratch, bytes of
 * scratch for a thread, room for all tiles or 0, panels of eight numbers, slopes or, in the first pass, 0.
 */
export function contrast(args: usize, from: i32, to: i32, thread: i32): void {
  const panels = address(args, 0),
    n = int(args, 1),
    dim = int(args, 2),
    asking = int(args, 3),
    size = int(args, 4),
    blocks = int(args, 5),
    round = int(args, 6)
  const coldness = f32x4.splat(float(args, 7)),
    largest = address(args, 8),
    totals = address(args, 9),
    shares = totals
  const turned = address(args, 10) + <usize>thread * int(args, 11),
    kept = address(args, 12),
    numbers = address(args, 13),
    slopes = address(args, 14)
  const half = round >> 1
  for (let i = from; i < to; i++) {
    const first = i <= half ? i : i + round - half
    const second = round - first + (first <= round ? 0 : blocks)
    const end = min(asking, (first + 1) * size),
      endOfOthers = min(n, (second + 1) * size)
    for (let row = first * size; row < end; row += side) {
      const rows = min(side, n - row)
      for (let other = max(row, second * size); other < endOfOthers; other += side) {
        const others = min(side, n - other)
        const tile = kept == 0 ? turned + tileBytes : kept + placeOf(row / side, other / side, n) * tileBytes
        if (slopes == 0) {
          similarities(tile, panels, dim, row, rows, other, others)
          takeIn(tile, rows, others, largest, totals, other, coldness)
          if (row == other) continue
          turn(tile, turned, rows, others)
          takeIn(turned, others, rows, largest, totals, row, coldness)
        } else {
          if (kept == 0) similarities(tile, panels, dim, row, rows, other, others)
          weigh(tile, turned, row, rows, other, others, largest, shares, coldness)
          push(slopes, row, rows, turned, numbers, n, dim, other, others)
          if (row != other) push(slopes, other, others, tile, numbers, n, dim, row, rows)
        }
      }
    }
  }
}

/** Where a tile is among those from the diagonal on, line by line. */
@inline

function placeOf(row: i32, column: i32, n: i32): usize {
  const lines = (n + side - 1) / side
  return <usize>((row * (2 * lines - row - 1)) / 2 + column)
}

/** `[row][other]`, minus infinity of a row and itself. */
function similarities(tile: usize, panels: usize, dim: i32, row: i32, rows: i32, other: i32, others: i32): void {
  const panelBytes = (<usize>dim) << 5
  for (let o = 0; o < others; o += 8) {
    const right = panels + <usize>((other + o) >> 3) * panelBytes
    for (let r = 0; r < rows; r += 4) {
      // A panel of eight rows is a right factor, and each of its halves a left one.
      const left = panels + <usize>((row + r) >> 3) * panelBytes + ((<usize>(r & 4)) << 2)
      multiplyFour(left, 32, right, dim, tile + <usize>r * line + ((<usize>o) << 2), line, 4, 8, false)
    }
  }
  if (row == other) for (let r = 0; r < rows; r++) store<f32>(tile + <usize>r * (line + 4), -Infinity)
}

/**
 * Takes the columns of a tile, those of the rows from `column` on, into what is largest in each and into the totals.
 */
function takeIn(
  tile: usize,
  rows: i32,
  columns: i32,
  largest: usize,
  totals: usize,
  column: i32,
  coldness: v128
): void {
  const end = tile + <usize>rows * line
  let m = largest + ((<usize>column) << 2),
    t = totals + ((<usize>column) << 2)
  for (let c = 0; c < columns; c += 8) {
    const start = tile + ((<usize>c) << 2)
    const before0 = v128.load(m),
      before1 = v128.load(m, 16)
    let most0 = before0,
      most1 = before1
    for (let place = start; place < end; place += line) {
      most0 = f32x4.pmax(most0, v128.load(place))
      most1 = f32x4.pmax(most1, v128.load(place, 16))
    }
    let total0 = zero(),
      total1 = zero()
    for (let place = start; place < end; place += line) {
      total0 = f32x4.add(total0, power(v128.load(place), most0, coldness))
      total1 = f32x4.add(total1, power(v128.load(place, 16), most1, coldness))
    }
    v128.store(t, f32x4.add(total0, f32x4.mul(v128.load(t), power(before0, most0, coldness))))
    v128.store(t, f32x4.add(total1, f32x4.mul(v128.load(t, 16), power(before1, most1, coldness))), 16)
    v128.store(m, most0)
    v128.store(m, most1, 16)
    m += 32
    t += 32
  }
}

/** The exponential of a similarity as seen from the largest. */
@inline

function power(similarity: v128, largest: v128, coldness: v128): v128 {
  return expBelow4(f32x4.mul(f32x4.sub(similarity, largest), coldness))
}

/** `[row][column]` to `[column][row]`. */
function turn(tile: usize, turned: usize, rows: i32, columns: i32): void {
  for (let row = 0; row < rows; row += 4) {
    for (let column = 0; column < columns; column += 4) {
      const place = tile + <usize>row * line + ((<usize>column) << 2)
      storeTurned(
        turned + <usize>column * line + ((<usize>row) << 2),
        v128.load(place),
        v128.load(place + line),
        v128.load(place + 2 * line),
        v128.load(place + 3 * line)
      )
    }
  }
}

@inline

function storeTurned(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5),
    cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2))
  v128.store(to + line, v128.shuffle<f64>(ab, cd, 1, 3))
  const ef = v128.shuffle<f32>(a, b, 2, 6, 3, 7),
    gh = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(to + 2 * line, v128.shuffle<f64>(ef, gh, 0, 2))
  v128.store(to + 3 * line, v128.shuffle<f64>(ef, gh, 1, 3))
}

/** A tile of similarities to what its pairs weigh, and the same turned. */
function weigh(
  tile: usize,
  turned: usize,
  row: i32,
  rows: i32,
  other: i32,
  others: i32,
  largest: usize,
  shares: usize,
  coldness: v128
): void {
  for (let o = 0; o < others; o += 4) {
    const most = v128.load(largest + ((<usize>(other + o)) << 2)),
      share = v128.load(shares + ((<usize>(other + o)) << 2))
    for (let r = 0; r < rows; r += 4) {
      const place = tile + <usize>r * line + ((<usize>o) << 2)
      const m = largest + ((<usize>(row + r)) << 2),
        s = shares + ((<usize>(row + r)) << 2)
      const a = weight(v128.load(place), most, share, v128.load32_splat(m), v128.load32_splat(s), coldness)
      v128.store(place, a)
      const b = weight(v128.load(place + line), most, share, v128.load32_splat(m, 4), v128.load32_splat(s, 4), coldness)
      v128.store(place + line, b)
      const c = weight(
        v128.load(place + 2 * line),
        most,
        share,
        v128.load32_splat(m, 8),
        v128.load32_splat(s, 8),
        coldness
      )
      v128.store(place + 2 * line, c)
      const d = weight(
        v128.load(place + 3 * line),
        most,
        share,
        v128.load32_splat(m, 12),
        v128.load32_splat(s, 12),
        coldness
      )
      v128.store(place + 3 * line, d)
      storeTurned(turned + <usize>o * line + ((<usize>r) << 2), a, b, c, d)
    }
  }
}

@inline

function weight(similarity: v128, most: v128, share: v128, mostOfRow: v128, shareOfRow: v128, coldness: v128): v128 {
  return f32x4.add(
    f32x4.mul(share, power(similarity, most, coldness)),
    f32x4.mul(shareOfRow, power(similarity, mostOfRow, coldness))
  )
}

/**
 * Adds to the slopes of rows a tile `[other][row]` times the others, whose numbers lie in panels of eight,
 * `[panel][row][8]`.
 */
function push(
  slopes: usize,
  row: i32,
  rows: i32,
  tile: usize,
  numbers: usize,
  n: i32,
  dim: i32,
  other: i32,
  others: i32
): void {
  for (let d = 0; d < dim; d += 8) {
    const right = numbers + ((<usize>((d >> 3) * n + other)) << 5)
    for (let r = 0; r < rows; r += 4) {
      multiplyFour(
        tile + ((<usize>r) << 2),
        line,
        right,
        others,
        slopes + ((<usize>((row + r) * dim + d)) << 2),
        (<usize>dim) << 2,
        rows - r,
        dim - d,
        true
      )
    }
  }
}
