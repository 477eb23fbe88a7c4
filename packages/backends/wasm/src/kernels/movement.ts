import * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import type { WasmBackend } from '../wasm-backend.ts'
import { isFloat, sizeOf, vectors, type Given, type Native, type Natives } from './kernel.ts'
import { axisArguments, merged, stridesOf } from './strides.ts'

const fourBytes = ({ dtype }: tf.TensorInfo): boolean => dtype === 'float32' || dtype === 'int32'

const like = ({ dtype }: tf.TensorInfo, shape: readonly number[], backend: WasmBackend): tf.TensorInfo => backend.allocate(shape, dtype as 'float32')

interface Place {
  readonly address: number
  readonly strides: readonly number[]
}

/** Copies a block of numbers with strides of their own on both sides; `first` places are counted in numbers. */
function copyBlock(backend: WasmBackend, lengths: readonly number[], source: Place, target: Place): void {
  const size = sizeOf(lengths)
  if (size === 0) return
  const axes = merged({ lengths, strides: [source.strides, target.strides] })
  const last = axes.lengths.length - 1
  const numbers = axes.lengths[last] ?? 1
  const rows = { lengths: axes.lengths.slice(0, -1), strides: axes.strides.map(block => block.slice(0, -1)) }
  backend.engine.run('copy', [
    source.address, target.address, numbers, axes.strides[0]![last] ?? 1, axes.strides[1]![last] ?? 1, ...axisArguments(rows)
  ], size / numbers, size)
}

export function fillBlock(backend: WasmBackend, info: tf.TensorInfo, value: number): tf.TensorInfo {
  const work = vectors(sizeOf(info.shape))
  backend.engine.run('fill', [backend.addressOf(info), info.dtype === 'float32' ? bitsOf(value) : Math.trunc(value)], work, 4 * work)
  return info
}

const fill: Native = ({ attrs, backend }) => {
  const { shape, value, dtype = 'float32' } = attrs as { shape: number[]; value: number; dtype?: tf.DataType }
  if ((dtype !== 'float32' && dtype !== 'int32') || typeof value !== 'number') return undefined
  return fillBlock(backend, backend.allocate(shape, dtype), value)
}

const filledLike = (value: number): Native => ({ inputs, backend }) => {
  const x = inputs.x!
  return fourBytes(x) ? fillBlock(backend, like(x, x.shape, backend), value) : undefined
}

const slice: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const { begin, size } = attrs as { begin: number | number[]; size: number | number[] }
  if (!fourBytes(x)) return undefined
  const [starts, lengths] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size)
  tf.slice_util.assertParamsValid(x as tf.Tensor, starts!, lengths!)
  const result = like(x, lengths!, backend)
  const strides = stridesOf(x.shape)
  const first = starts!.reduce((sum, start, axis) => sum + start * strides[axis]!, 0)
  copyBlock(backend, lengths!, { address: backend.addressOf(x) + 4 * first, strides }, { address: backend.addressOf(result), strides: stridesOf(lengths!) })
  return result
}

function joined({ backend }: Given, parts: readonly tf.TensorInfo[], axis: number): tf.TensorInfo {
  const shape = [...parts[0]!.shape]
  shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis]!, 0)
  const result = like(parts[0]!, shape, backend)
  const strides = stridesOf(shape)
  let start = 0
  for (const part of parts) {
    copyBlock(backend, part.shape, { address: backend.addressOf(part), strides: stridesOf(part.shape) },
      { address: backend.addressOf(result) + 4 * start * strides[axis]!, strides })
    start += part.shape[axis]!
  }
  return result
}

const alikeFourBytes = (parts: readonly tf.TensorInfo[]): boolean => fourBytes(parts[0]!) && parts.every(({ dtype }) => dtype === parts[0]!.dtype)

const concat: Native = given => {
  const all = Object.values(given.inputs)
  const axis = tf.util.parseAxisParam(given.attrs.axis as number, all[0]!.shape)[0]!
  tf.backend_util.assertParamsConsistent(all.map(({ shape }) => shape), axis)
  const parts = all.filter(({ shape }) => sizeOf(shape) > 0)
  if (parts.length === 0 || !alikeFourBytes(all)) return undefined
  return parts.length === 1 ? given.backend.share(parts[0]!, parts[0]!.shape) : joined(given, parts, axis)
}

const pack: Native = given => {
  const parts = Object.values(given.inputs)
  const shape = parts[0]!.shape
  const axis = Number(given.attrs.axis ?? 0)
  if (!alikeFourBytes(parts) || parts.some(part => part.shape.join() !== shape.join())) return undefined
  const at = axis < 0 ? axis + shape.length + 1 : axis
  return joined(given, parts.map(part => ({ ...part, shape: [...shape.slice(0, at), 1, ...shape.slice(at)] })), at)
}

const unpack: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.value!
  if (!fourBytes(x)) return undefined
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
  const strides = stridesOf(x.shape)
  const shape = x.shape.filter((_, i) => i !== axis)
  const across = strides.filter((_, i) => i !== axis)
  return Array.from({ length: x.shape[axis]! }, (_, i) => {
    const result = like(x, shape, backend)
    copyBlock(backend, shape, { address: backend.addressOf(x) + 4 * i * strides[axis]!, strides: across }, { address: backend.addressOf(result), strides: stridesOf(shape) })
    return result
  })
}

const split: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  if (!fourBytes(x)) return undefined
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
  const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits as number[], axis)
  const strides = stridesOf(x.shape)
  let start = 0
  return sizes.map(size => {
    const shape = x.shape.map((length, i) => (i === axis ? size : length))
    const result = like(x, shape, backend)
    copyBlock(backend, shape, { address: backend.addressOf(x) + 4 * start * strides[axis]!, strides }, { address: backend.addressOf(result), strides: stridesOf(shape) })
    start += size
    return result
  })
}

const tile: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const reps = attrs.reps as number[]
  if (!fourBytes(x)) return undefined
  const strides = stridesOf(x.shape)
  const shape = x.shape.map((length, axis) => length * reps[axis]!)
  const result = like(x, shape, backend)
  // Each axis is two: how often, with a stride of 0, and the axis itself.
  const lengths = x.shape.flatMap((length, axis) => [reps[axis]!, length])
  copyBlock(backend, lengths, { address: backend.addressOf(x), strides: strides.flatMap(stride => [0, stride]) },
    { address: backend.addressOf(result), strides: stridesOf(lengths) })
  return result
}

const transpose: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const perm = attrs.perm as number[]
  if (!fourBytes(x)) return undefined
  const shape = perm.map(axis => x.shape[axis]!)
  const result = like(x, shape, backend)
  const size = sizeOf(shape)
  if (size === 0) return result
  const strides = stridesOf(x.shape)
  const from = perm.map(axis => strides[axis]!)
  const to = stridesOf(shape)
  // Axes that stay together are one; then most transpositions are of matrices, one after another.
  const { lengths, strides: [source] } = merged({ lengths: shape, strides: [from, to] }) as { lengths: number[]; strides: number[][] }
  const rank = lengths.length
  const [rows, columns] = [lengths[rank - 1]!, lengths[rank - 2]!]
  const matrices = (rank === 2 || (rank === 3 && source![0] === rows * columns)) && source![rank - 2] === 1 && source![rank - 1] === columns
  if (matrices) {
    backend.engine.run('transpose', [backend.addressOf(x), backend.addressOf(result), rows, columns], size / (rows * columns) * Math.ceil(rows / 16), size)
  } else {
    copyBlock(backend, shape, { address: backend.addressOf(x), strides: from }, { address: backend.addressOf(result), strides: to })
  }
  return result
}

const pad: Native = ({ inputs, attrs, backend }) => {
  const x = inputs.x!
  const { paddings, constantValue } = attrs as { paddings: [number, number][]; constantValue: number }
  if (!fourBytes(x)) return undefined
  const shape = x.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1])
  const result = fillBlock(backend, like(x, shape, backend), constantValue)
  const strides = stridesOf(shape)
  const first = paddings.reduce((sum, [before], axis) => sum + before * strides[axis]!, 0)
  copyBlock(backend, x.shape, { address: backend.addressOf(x), strides: stridesOf(x.shape) }, { address: backend.addressOf(result) + 4 * first, strides })
  return result
}

const gather: Native = ({ inputs, attrs, backend }) => {
  const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo }
  const { axis, batchDims } = attrs as { axis: number; batchDims: number }
  if (!fourBytes(x) || indices.dtype !== 'int32' || tf.util.parseAxisParam(axis, x.shape)[0] !== 0 || batchDims !== 0) return undefined
  const [rows, ...row] = x.shape as [number, ...number[]]
  const places = sizeOf(indices.shape)
  const address = backend.addressOf(indices)
  // The JavaScript kernel says which index is none of a row.
  for (const index of backend.engine.ints.subarray(address / 4, address / 4 + places)) if (index < 0 || index >= rows) return undefined
  const result = like(x, [...indices.shape, ...row], backend)
  backend.engine.run('gather', [backend.addressOf(x), address, backend.addressOf(result), sizeOf(row)], places, sizeOf(result.shape))
  return result
}

const select: Native = ({ inputs, backend }) => {
  const { condition, t, e } = inputs as { condition: tf.TensorInfo; t: tf.TensorInfo; e: tf.TensorInfo }
  if (!isFloat(t, e) || condition.dtype !== 'bool' || condition.shape.join() !== t.shape.join() || t.shape.join() !== e.shape.join()) return undefined
  const result = backend.allocate(t.shape)
  const size = sizeOf(t.shape)
  backend.engine.run('select', [condition, t, e, result].map(info => backend.addressOf(info)), size, 2 * size)
  return result
}

// The same order as in assembly/elementwise.ts.
const casts = ['bool to float32', 'int32 to float32', 'bool to int32', 'float32 to bool']

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
  Cast: cast, Concat: concat, Fill: fill, GatherV2: gather, OnesLike: filledLike(1), Pack: pack, PadV2: pad, Select: select, Slice: slice, SplitV: split, Tile: tile,
  Transpose: transpose, Unpack: unpack, ZerosLike: filledLike(0)
}
