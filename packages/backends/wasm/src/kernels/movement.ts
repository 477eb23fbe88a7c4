import * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import type { WasmBackend } from '../wasm-backend.ts'
import { bytesOf, isNumeric, sizeOf, vectors, type Given, type Native, type Natives, type Numeric } from './kernel.ts'
import { axisArguments, merged, stridesOf } from './strides.ts'

/** A tensor, or a part of one: where it begins, and strides of its own, both counted in numbers. */
interface Part {
  readonly of: tf.TensorInfo
  readonly first?: number | undefined
  readonly strides?: readonly number[] | undefined
}

/** What copies blocks of numbers, with strides of their own on both sides, from one address to another. */
function copier(
  { engine }: WasmBackend,
  lengths: readonly number[],
  bytes: number,
  ...strides: readonly (readonly number[])[]
): (from: number, to: number) => void {
  const size = sizeOf(lengths)
  const axes = merged({ lengths, strides: strides.map(block => block.map(stride => bytes * stride)) })
  const last = axes.lengths.length - 1
  const numbers = axes.lengths[last] ?? 1
  const rows = { lengths: axes.lengths.slice(0, -1), strides: axes.strides.map(block => block.slice(0, -1)) }
  const args = [
    numbers,
    bytes,
    axes.strides[0]![last] ?? bytes,
    axes.strides[1]![last] ?? bytes,
    ...axisArguments(rows)
  ]
  return (from, to) => engine.run('copy', [from, to, ...args], size === 0 ? 0 : size / numbers, size)
}

/** Copies a block of numbers from a part of one tensor to a part of another. */
export function copyBlock(backend: WasmBackend, lengths: readonly number[], source: Part, target: Part): void {
  const bytes = bytesOf(source.of)
  const [from, to] = [source, target].map(({ of, first = 0 }) => backend.addressOf(of) + bytes * first) as [
    number,
    number
  ]
  copier(backend, lengths, bytes, source.strides ?? stridesOf(lengths), target.strides ?? stridesOf(lengths))(from, to)
}

export function fillBlock(backend: WasmBackend, info: tf.TensorInfo, value: number): tf.TensorInfo {
  const work = vectors((sizeOf(info.shape) * bytesOf(info)) / 4)
  const bits =
    info.dtype === 'float32'
      ? bitsOf(value)
      : info.dtype === 'bool'
        ? Math.trunc(value) * 0x01010101
        : Math.trunc(value)
  backend.engine.run('fill', [backend.addressOf(info), bits], work, 4 * work)
  return info
}

const fill: Native = ({ attrs, backend }) => {
  const {
    shape,
    value,
    dtype = 'float32'
  } = attrs as { shape: number[]; value: number | boolean | string; dtype?: tf.DataType | undefined }
  if ((dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') || typeof value === 'string') return undefined
  return fillBlock(backend, backend.allocate(shape, dtype), Number(value))
}

const filledLike =
  (value: number): Native =>
  ({ inputs, backend }) => {
    const x = inputs.x!
    return isNumeric(x) ? fillBlock(backend, backend.allocate(x.shape, x.dtype), value) : undefined
  }

const slice: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const { begin, size } = attrs as { begin: number | number[]; size: number | number[] }
  if (!isNumeric(x)) return undefined
  const [starts, lengths] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size)
  tf.slice_util.assertParamsValid(x as tf.Tensor, starts!, lengths!)
  const result = backend.allocate(lengths!, x.dtype)
  const strides = stridesOf(x.shape)
  const first = starts!.reduce((sum, start, axis) => sum + start * strides[axis]!, 0)
  copyBlock(backend, lengths!, { of: x, first, strides }, { of: result })
  return result
}

function joined({ backend }: Given, parts: readonly Numeric[], axis: number): tf.TensorInfo {
  const shape = [...parts[0]!.shape]
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0)
  const result = backend.allocate(shape, parts[0]!.dtype)
  const strides = stridesOf(shape)
  let start = 0
  for (const part of parts) {
    copyBlock(backend, part.shape, { of: part }, { of: result, first: start * strides[axis]!, strides })
    start += part.shape[axis]!
  }
  return result
}

const areAlike = (parts: tf.TensorInfo[]): parts is Numeric[] =>
  isNumeric(parts[0]!) && parts.every(({ dtype }) => dtype === parts[0]!.dtype)

const concat: Native = given => {
  const all = Object.values(given.inputs)
  const axis = tf.util.parseAxisParam(given.attrs.axis as number, all[0]!.shape)[0]!
  tf.backend_util.assertParamsConsistent(
    all.map(({ shape }) => shape),
    axis
  )
  if (!areAlike(all)) return undefined
  const parts = all.filter(({ shape }) => sizeOf(shape) > 0)
  if (parts.length === 0) return undefined
  return parts.length === 1 ? given.backend.share(parts[0]!, parts[0]!.shape) : joined(given, parts, axis)
}

const pack: Native = given => {
  const parts = Object.values(given.inputs)
  const shape = parts[0]!.shape
  const axis = Number(given.attrs.axis ?? 0)
  if (!areAlike(parts) || parts.some(part => part.shape.join() !== shape.join())) return undefined
  const at = axis < 0 ? axis + shape.length + 1 : axis
  return joined(
    given,
    parts.map(part => ({ ...part, shape: [...shape.slice(0, at), 1, ...shape.slice(at)] })),
    at
  )
}

const unpack: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.value!
  if (!isNumeric(x)) return undefined
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
  const strides = stridesOf(x.shape)
  const shape = x.shape.filter((_, i) => i !== axis)
  const across = strides.filter((_, i) => i !== axis)
  const bytes = bytesOf(x)
  const copy = copier(backend, shape, bytes, across, stridesOf(shape))
  return Array.from({ length: x.shape[axis]! }, (_, i) => {
    const result = backend.allocate(shape, x.dtype)
    copy(backend.addressOf(x) + bytes * i * strides[axis]!, backend.addressOf(result))
    return result
  })
}

const split: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  if (!isNumeric(x)) return undefined
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
  const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits as number[], axis)
  const strides = stridesOf(x.shape)
  let start = 0
  return sizes.map(size => {
    const shape = x.shape.map((length, i) => (i === axis ? size : length))
    const result = backend.allocate(shape, x.dtype)
    copyBlock(backend, shape, { of: x, first: start * strides[axis]!, strides }, { of: result })
    start += size
    return result
  })
}

const tile: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const reps = attrs.reps as number[]
  if (!isNumeric(x)) return undefined
  const strides = stridesOf(x.shape)
  const shape = x.shape.map((length, axis) => length * reps[axis]!)
  const result = backend.allocate(shape, x.dtype)
  // Each axis is two: how often, with a stride of 0, and the axis itself.
  const lengths = x.shape.flatMap((length, axis) => [reps[axis]!, length])
  copyBlock(backend, lengths, { of: x, strides: strides.flatMap(stride => [0, stride]) }, { of: result })
  return result
}

const transpose: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const perm = attrs.perm as number[]
  if (!isNumeric(x)) return undefined
  const shape = perm.map(axis => x.shape[axis]!)
  const result = backend.allocate(shape, x.dtype)
  const size = sizeOf(shape)
  if (size === 0) return result
  const strides = stridesOf(x.shape)
  const from = perm.map(axis => strides[axis]!)
  const to = stridesOf(shape)
  // Axes that stay together are one; then most transpositions are of matrices, one after another.
  const {
    lengths,
    strides: [source]
  } = merged({ lengths: shape, strides: [from, to] }) as { lengths: number[]; strides: number[][] }
  const rank = lengths.length
  const [rows, columns] = [lengths[rank - 1]!, lengths[rank - 2]!]
  const matrices =
    bytesOf(x) === 4 &&
    (rank === 2 || (rank === 3 && source![0] === rows * columns)) &&
    source![rank - 2] === 1 &&
    source![rank - 1] === columns
  if (matrices) {
    backend.engine.run(
      'transpose',
      [backend.addressOf(x), backend.addressOf(result), rows, columns],
      (size / (rows * columns)) * Math.ceil(rows / 16),
      size
    )
  } else {
    copyBlock(backend, shape, { of: x, strides: from }, { of: result })
  }
  return result
}

const pad: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const { paddings, constantValue } = attrs as { paddings: [number, number][]; constantValue: number }
  if (!isNumeric(x)) return undefined
  const shape = x.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1])
  const result = fillBlock(backend, backend.allocate(shape, x.dtype), constantValue)
  const strides = stridesOf(shape)
  const first = paddings.reduce((sum, [before], axis) => sum + before * strides[axis]!, 0)
  copyBlock(backend, x.shape, { of: x }, { of: result, first, strides })
  return result
}

/** The margins of one axis after the other, each as long as what is there already: so corners come by themselves. */
const mirrorPad: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const { paddings, mode } = attrs as { paddings: [number, number][]; mode: 'reflect' | 'symmetric' }
  if (!isNumeric(x)) return undefined
  const shape = x.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1])
  const result = backend.allocate(shape, x.dtype)
  const strides = stridesOf(shape)
  let first = paddings.reduce((sum, [before], axis) => sum + before * strides[axis]!, 0)
  copyBlock(backend, x.shape, { of: x }, { of: result, first, strides })
  const lengths = [...x.shape]
  paddings.forEach(([before, after], axis) => {
    const stride = strides[axis]!
    const edge = mode === 'reflect' ? 1 : 0 // whether the edge itself is left out
    const backwards = strides.map((one, i) => (i === axis ? -one : one))
    const margin = (length: number): number[] => lengths.map((one, i) => (i === axis ? length : one))
    const last = first + (lengths[axis]! - 1) * stride
    copyBlock(
      backend,
      margin(before),
      { of: result, first: first + (before - 1 + edge) * stride, strides: backwards },
      { of: result, first: first - before * stride, strides }
    )
    copyBlock(
      backend,
      margin(after),
      { of: result, first: last - edge * stride, strides: backwards },
      { of: result, first: last + stride, strides }
    )
    first -= before * stride
    lengths[axis] = shape[axis]!
  })
  return result
}

const reverse: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x ?? inputs.image!
  if (!isNumeric(x)) return undefined
  const axes = tf.util.parseAxisParam(inputs.image ? 2 : (attrs.dims as number[]), x.shape)
  const result = backend.allocate(x.shape, x.dtype)
  const strides = stridesOf(x.shape)
  const first = axes.reduce((sum, axis) => sum + (x.shape[axis]! - 1) * strides[axis]!, 0)
  copyBlock(
    backend,
    x.shape,
    { of: x, first, strides: strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)) },
    { of: result }
  )
  return result
}

const stridedSlice: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  if (!isNumeric(x)) return undefined
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs as Record<
    'begin' | 'end' | 'strides',
    number[]
  > &
    Record<'beginMask' | 'endMask' | 'ellipsisMask' | 'newAxisMask' | 'shrinkAxisMask', number>
  const info = tf.slice_util.sliceInfo(
    x.shape,
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask
  )
  const result = backend.allocate(info.finalShape, x.dtype)
  const own = stridesOf(x.shape)
  const first = info.begin.reduce((sum, start, axis) => sum + start * own[axis]!, 0)
  // Also of axes that the result has not.
  const lengths = tf.slice_util.computeOutShape(info.begin, info.end, info.strides).map(length => Math.max(0, length))
  copyBlock(
    backend,
    lengths,
    { of: x, first, strides: own.map((stride, axis) => stride * info.strides[axis]!) },
    { of: result }
  )
  return result
}

const select: Native = ({ inputs, backend }) => {
  const { condition, t, e } = inputs as { condition: tf.TensorInfo; t: tf.TensorInfo; e: tf.TensorInfo }
  if (
    !isNumeric(t) ||
    e.dtype !== t.dtype ||
    condition.dtype !== 'bool' ||
    condition.shape.join() !== t.shape.join() ||
    t.shape.join() !== e.shape.join()
  )
    return undefined
  const result = backend.allocate(t.shape, t.dtype)
  const size = sizeOf(t.shape)
  backend.engine.run(
    'select',
    [...[condition, t, e, result].map(info => backend.addressOf(info)), bytesOf(t)],
    size,
    2 * size
  )
  return result
}

// The same order as in assembly/elementwise.ts.
const casts = [
  'bool to float32',
  'int32 to float32',
  'bool to int32',
  'float32 to bool',
  'int32 to bool',
  'float32 to int32'
]

const cast: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const dtype = attrs.dtype as tf.DataType
  if (dtype === x.dtype) return backend.share(x, x.shape)
  const op = casts.indexOf(`${x.dtype} to ${dtype}`)
  if (op < 0) return undefined
  const result = backend.allocate(x.shape, dtype as 'float32')
  const size = sizeOf(x.shape)
  backend.engine.run('cast', [op, backend.addressOf(x), backend.addressOf(result)], size, size)
  return result
}

export const movement: Natives = {
  Cast: cast,
  Concat: concat,
  Fill: fill,
  FlipLeftRight: reverse,
  MirrorPad: mirrorPad,
  OnesLike: filledLike(1),
  Pack: pack,
  PadV2: pad,
  Reverse: reverse,
  Select: select,
  Slice: slice,
  SplitV: split,
  StridedSlice: stridedSlice,
  Tile: tile,
  Transpose: transpose,
  Unpack: unpack,
  ZerosLike: filledLike(0)
}
