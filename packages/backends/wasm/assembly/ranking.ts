// Numbers of a row in their order: of size, or one after another.
import { address, int } from './common'

@inline

function placeOfMost(sign: f32, row: usize, n: i32): i32 {
  // All begin with the first: if that is no number, nothing is more.
  const way = f32x4.splat(sign)
  let most = f32x4.mul(v128.load32_splat(row), way),
    where = i32x4.splat(0)
  let here = i32x4(0, 1, 2, 3)
  let i = 0
  for (; i + 4 <= n; i += 4, row += 16) {
    const value = f32x4.mul(v128.load(row), way)
    const more = f32x4.gt(value, most)
    most = f32x4.pmax(most, value)
    where = v128.bitselect(here, where, more)
    here = i32x4.add(here, i32x4.splat(4))
  }
  let best = f32x4.extract_lane(most, 0),
    place = i32x4.extract_lane(where, 0)
  for (let lane = 1; lane < 4; lane++) {
    most = v128.shuffle<f32>(most, most, 1, 2, 3, 0)
    where = v128.shuffle<f32>(where, where, 1, 2, 3, 0)
    const value = f32x4.extract_lane(most, 0),
      there = i32x4.extract_lane(where, 0)
    if (value > best || (value == best && there < place)) {
      best = value
      place = there
    }
  }
  for (; i < n; i++, row += 4) {
    const value = load<f32>(row) * sign
    if (value > best) {
      best = value
      place = i
    }
  }
  return place
}

/**
 * Where the largest of each row is first met, or the smallest. Work: rows. Arguments: 1 or −1, source, target, numbers
 * in a row.
 */
export function placesOfMost(args: usize, from: i32, to: i32, thread: i32): void {
  const n = int(args, 3)
  for (let row = from; row < to; row++) {
    const source = address(args, 1) + ((<usize>(row * n)) << 2)
    store<i32>(
      address(args, 2) + ((<usize>row) << 2),
      int(args, 0) > 0 ? placeOfMost(1, source, n) : placeOfMost(-1, source, n)
    )
  }
}

/** A number and its place as one whole number: of more the more it is, and of equals the one that comes first. */
@inline

function keyOf(source: usize, place: i32): u64 {
  const bits = reinterpret<i32>(load<f32>(source + ((<usize>place) << 2)) + 0) // zeros are equal
  return ((<u64>(<u32>(bits ^ ((bits >> 31) | <i32>0x80000000)))) << 32) | <u64>(<u32>~place)
}

/** Puts a key at a place of a heap whose root is the least, to sink to where it belongs. */
function sink(heap: usize, count: i32, place: i32, key: u64): void {
  let at = place
  for (let child = 2 * at + 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count)
      child += i32(load<u64>(heap + ((<usize>child) << 3), 8) < load<u64>(heap + ((<usize>child) << 3)))
    const least = load<u64>(heap + ((<usize>child) << 3))
    if (least >= key) break
    store<u64>(heap + ((<usize>at) << 3), least)
    at = child
  }
  store<u64>(heap + ((<usize>at) << 3), key)
}

/**
 * The `k` largest of each row, from the largest, and where they are. Work: rows. Arguments: source, values, places,
 * numbers in a row, k, scratch (8 bytes times k a thread).
 */
export function topK(args: usize, from: i32, to: i32, thread: i32): void {
  const n = int(args, 3),
    k = int(args, 4)
  const heap = address(args, 5) + <usize>thread * (k << 3)
  for (let row = from; row < to; row++) {
    const source = address(args, 0) + ((<usize>(row * n)) << 2)
    const values = address(args, 1) + ((<usize>(row * k)) << 2),
      places = address(args, 2) + ((<usize>(row * k)) << 2)
    for (let i = 0; i < k; i++) store<u64>(heap + ((<usize>i) << 3), keyOf(source, i))
    for (let i = (k >> 1) - 1; i >= 0; i--) sink(heap, k, i, load<u64>(heap + ((<usize>i) << 3)))
    for (let i = k; i < n; i++) {
      const key = keyOf(source, i)
      if (key > load<u64>(heap)) sink(heap, k, 0, key)
    }
    for (let last = k - 1; last >= 0; last--) {
      const place = ~(<i32>load<u64>(heap))
      store<f32>(values + ((<usize>last) << 2), load<f32>(source + ((<usize>place) << 2)))
      store<i32>(places + ((<usize>last) << 2), place)
      sink(heap, last, 0, load<u64>(heap + ((<usize>last) << 3)))
    }
  }
}

@inline

function accumulated(op: i32, so: v128, value: v128): v128 {
  return op == 0
    ? f32x4.add(so, value)
    : op == 1
      ? f32x4.mul(so, value)
      : op == 2
        ? i32x4.add(so, value)
        : i32x4.mul(so, value)
}

@inline

function cumulateOver(
  op: i32,
  source: usize,
  target: usize,
  rows: i32,
  step: i32,
  columns: i32,
  exclusive: bool
): void {
  const start = op == 0 || op == 2 ? i32x4.splat(0) : op == 1 ? f32x4.splat(1) : i32x4.splat(1)
  let column = 0
  for (; column + 4 <= columns; column += 4) {
    let so = start
    let s = source + ((<usize>column) << 2),
      t = target + ((<usize>column) << 2)
    for (let row = 0; row < rows; row++, s += step, t += step) {
      const next = accumulated(op, so, v128.load(s))
      v128.store(t, exclusive ? so : next)
      so = next
    }
  }
  for (; column < columns; column++) {
    let so = start
    let s = source + ((<usize>column) << 2),
      t = target + ((<usize>column) << 2)
    for (let row = 0; row < rows; row++, s += step, t += step) {
      const next = accumulated(op, so, v128.load32_splat(s))
      v128.store_lane<f32>(t, exclusive ? so : next, 0)
      so = next
    }
  }
}

/**
 * Sums or products of all rows so far, of each matrix. Work: blocks of sixteen columns, of all matrices.
 *
 * Arguments: which (sums of floats, products of floats, sums and products of whole numbers), source, target, rows,
 * columns, whether without the row itself, whether from the last.
 */
export function cumulate(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0),
    rows = int(args, 3),
    columns = int(args, 4),
    exclusive = int(args, 5) != 0,
    backwards = int(args, 6) != 0
  const blocks = (columns + 15) >> 4
  for (let item = from; item < to; item++) {
    const matrix = item / blocks,
      first = (item - matrix * blocks) << 4
    const start = (<usize>((matrix * rows + (backwards ? rows - 1 : 0)) * columns + first)) << 2
    const source = address(args, 1) + start,
      target = address(args, 2) + start
    const step = backwards ? -(columns << 2) : columns << 2,
      count = min(16, columns - first)
    if (op == 0) cumulateOver(0, source, target, rows, step, count, exclusive)
    else if (op == 1) cumulateOver(1, source, target, rows, step, count, exclusive)
    else if (op == 2) cumulateOver(2, source, target, rows, step, count, exclusive)
    else cumulateOver(3, source, target, rows, step, count, exclusive)
  }
}
