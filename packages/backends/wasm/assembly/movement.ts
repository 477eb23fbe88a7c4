// Numbers from one place to another.
import { address, int, loadSome, storeSome } from './common'

/** Numbers that are moved one by one sooner than the host is called. */
const few = 8

/**
 * Copies between blocks whose axes have strides of their own, counted in bytes. Work: rows.
 *
 * Arguments: source, target, numbers in a row, bytes of one (4 or 1), their strides there, axes of rows, then for each
 * axis: length, strides of source and target.
 */
export function copy(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    target = address(args, 1),
    n = int(args, 2),
    bytes = int(args, 3),
    sourceStride = int(args, 4),
    targetStride = int(args, 5)
  const axes = int(args, 6)
  for (let row = from; row < to; row++) {
    let rest = row
    let s = source,
      t = target
    for (let axis = axes - 1; axis >= 0; axis--) {
      const length = int(args, 7 + 3 * axis)
      const whole = rest / length
      const i = rest - whole * length
      s += <usize>(i * int(args, 8 + 3 * axis))
      t += <usize>(i * int(args, 9 + 3 * axis))
      rest = whole
    }
    if (sourceStride == bytes && targetStride == bytes && n > few) memory.copy(t, s, <usize>(n * bytes))
    else if (bytes == 4) {
      for (let i = 0; i < n; i++) {
        store<i32>(t, load<i32>(s))
        s += sourceStride
        t += targetStride
      }
    } else {
      for (let i = 0; i < n; i++) {
        store<u8>(t, load<u8>(s))
        s += sourceStride
        t += targetStride
      }
    }
  }
}

/** Four rows of four numbers, transposed. */
@inline

function transposeFour(source: usize, line: usize, target: usize, across: usize): void {
  const a = v128.load(source),
    b = v128.load(source + line),
    c = v128.load(source + 2 * line),
    d = v128.load(source + 3 * line)
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5),
    cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  const AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7),
    CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(target, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5))
  v128.store(target + across, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
  v128.store(target + 2 * across, v128.shuffle<f32>(AB, CD, 0, 1, 4, 5))
  v128.store(target + 3 * across, v128.shuffle<f32>(AB, CD, 2, 3, 6, 7))
}

/**
 * Matrices `[rows, columns]` to `[columns, rows]`. Work: strips of sixteen rows, of all matrices: what they become
 * fills whole lines of the cache.
 *
 * Arguments: source, target, rows, columns.
 */
export function transpose(args: usize, from: i32, to: i32, thread: i32): void {
  const rows = int(args, 2),
    columns = int(args, 3)
  const strips = (rows + 15) >> 4
  const line = (<usize>columns) << 2,
    across = (<usize>rows) << 2
  for (let strip = from; strip < to; strip++) {
    const matrix = strip / strips
    const row = (strip - matrix * strips) << 4
    const start = <usize>matrix * rows * columns
    let s = address(args, 0) + ((start + <usize>row * columns) << 2)
    let t = address(args, 1) + ((start + <usize>row) << 2)
    const count = min(16, rows - row)
    let column = 0
    for (; column + 4 <= columns; column += 4, s += 16, t += 4 * across) {
      let i = 0
      for (; i + 4 <= count; i += 4) transposeFour(s + <usize>i * line, line, t + ((<usize>i) << 2), across)
      for (; i < count; i++) {
        const four = s + <usize>i * line
        for (let j = 0; j < 4; j++)
          store<i32>(t + <usize>j * across + ((<usize>i) << 2), load<i32>(four + ((<usize>j) << 2)))
      }
    }
    for (; column < columns; column++, s += 4, t += across) {
      for (let i = 0; i < count; i++) store<i32>(t + ((<usize>i) << 2), load<i32>(s + <usize>i * line))
    }
  }
}

/**
 * Rows at given places of an axis. Work: rows of the result, which has `places` where the source has an axis of
 * `length`.
 *
 * Arguments: source, places, target, bytes of a row, places of a block, rows of a block of the source, blocks that
 * share places.
 */
export function gather(args: usize, from: i32, to: i32, thread: i32): void {
  const source = address(args, 0),
    places = address(args, 1),
    target = address(args, 2),
    bytes = <usize>int(args, 3)
  const count = int(args, 4),
    length = int(args, 5),
    sharing = int(args, 6)
  for (let i = from; i < to; i++) {
    const block = i / count
    const place = load<i32>(places + ((<usize>((block / sharing) * count + i - block * count)) << 2))
    const s = source + <usize>(block * length + place) * bytes,
      t = target + <usize>i * bytes
    if (bytes > 4 * few || (bytes & 3) != 0) memory.copy(t, s, bytes)
    else for (let j: usize = 0; j < bytes; j += 4) store<i32>(t + j, load<i32>(s + j))
  }
}

@inline

function put(op: i32, target: usize, value: v128, count: i32): void {
  const there = op == 2 ? value : count >= 4 ? v128.load(target) : loadSome(target, count)
  const sum = op == 0 ? f32x4.add(there, value) : op == 1 ? i32x4.add(there, value) : value
  if (count >= 4) v128.store(target, sum)
  else storeSome(target, sum, count)
}

/**
 * Rows to given places, one after another; those whose place is none of `length` go nowhere. Work: blocks of sixteen
 * columns, which no thread shares.
 *
 * Arguments: whether they add up as floats (0), as whole numbers (1) or replace (2), source, places, target, rows,
 * numbers in a row, rows of the target.
 */
export function scatter(args: usize, from: i32, to: i32, thread: i32): void {
  const op = int(args, 0),
    places = address(args, 2),
    rows = int(args, 4),
    n = int(args, 5),
    length = int(args, 6)
  const first = from << 4,
    end = min(n, to << 4)
  for (let row = 0; row < rows; row++) {
    const place = load<i32>(places + ((<usize>row) << 2))
    if (<u32>place >= <u32>length) continue
    let s = address(args, 1) + ((<usize>(row * n + first)) << 2),
      t = address(args, 3) + ((<usize>(place * n + first)) << 2)
    for (let i = first; i < end; i += 4, s += 16, t += 16) {
      const count = end - i
      put(op, t, count >= 4 ? v128.load(s) : loadSome(s, count), count)
    }
  }
}
