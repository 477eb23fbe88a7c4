import * as tf from '@tensorflow/tfjs-core'
import { bytesOf, isFloat, isNumeric, sizeOf, type Given, type Native, type Natives } from './kernel.ts'
import { fillBlock } from './movement.ts'
import { stridesOf } from './strides.ts'

/** Whether each is a row of so many. Where one is not, the JavaScript kernel says which. */
const areRows = (places: Int32Array, rows: number): boolean => places.every(place => place >= 0 && place < rows)

function valuesOf({ backend }: Pick<Given, 'backend'>, info: tf.TensorInfo): Int32Array {
  const address = backend.addressOf(info)
  return backend.engine.ints.subarray(address / 4, address / 4 + sizeOf(info.shape))
}

const gather: Native = given => {
  const { inputs, attrs, backend } = given
  const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo }
  const axis = tf.util.parseAxisParam(attrs.axis as number, x.shape)[0]!
  if (!isNumeric(x) || indices.dtype !== 'int32' || !areRows(valuesOf(given, indices), x.shape[axis]!)) return undefined
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
    tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x as tf.Tensor,
      indices as tf.Tensor,
      axis,
      Number(attrs.batchDims ?? 0)
    )
  const result = backend.allocate(outputShape, x.dtype)
  const size = sizeOf(outputShape)
  backend.engine.run(
    'gather',
    [
      ...[x, indices, result].map(info => backend.addressOf(info)),
      sliceSize * bytesOf(x),
      sizeOf(indices.shape) / batchSize,
      dimSize,
      outerSize
    ],
    size === 0 ? 0 : size / sliceSize,
    size
  )
  return result
}

/**
 * Runs a function with the address of rows in a tensor of this shape that lists of coordinates `[...rows, depth]` name.
 * Gives nothing where they name none, or where there is nothing to do.
 */
function withRows<T>(
  given: Given,
  indices: tf.TensorInfo,
  shape: readonly number[],
  depth: number,
  use: (address: number, count: number, numbers: number) => T
): T | undefined {
  const numbers = sizeOf(shape.slice(depth))
  const strides = stridesOf(shape.slice(0, depth))
  const coordinates = valuesOf(given, indices)
  const rows = Int32Array.from({ length: depth === 0 ? 0 : coordinates.length / depth }, (_, row) =>
    strides.reduce((sum, stride, axis) => sum + stride * coordinates[row * depth + axis]!, 0)
  )
  if (indices.dtype !== 'int32' || rows.length === 0 || numbers === 0 || !areRows(rows, sizeOf(shape.slice(0, depth))))
    return undefined
  const { engine } = given.backend
  return engine.withScratch(4 * rows.length, address => {
    engine.ints.set(rows, address / 4)
    return use(address, rows.length, numbers)
  })
}

const gatherNd: Native = given => {
  const {
    inputs: { params, indices },
    backend
  } = given as Given & { inputs: { params: tf.TensorInfo; indices: tf.TensorInfo } }
  if (!isNumeric(params)) return undefined
  const [shape] = tf.backend_util.prepareAndValidate(params as tf.Tensor, indices as tf.Tensor)
  return withRows(given, indices, params.shape, indices.shape.at(-1)!, (rows, count, numbers) => {
    const result = backend.allocate(shape, params.dtype)
    backend.engine.run(
      'gather',
      [backend.addressOf(params), rows, backend.addressOf(result), numbers * bytesOf(params), count, 0, 1],
      count,
      count * numbers
    )
    return result
  })
}

/** Adds rows of `updates` to those of `onto`, or replaces them, at places which lie at an address. */
export function scatter(
  { backend }: Pick<Given, 'backend'>,
  op: number,
  updates: tf.TensorInfo,
  places: number,
  count: number,
  numbers: number,
  onto: tf.TensorInfo
): tf.TensorInfo {
  backend.engine.run(
    'scatter',
    [op, backend.addressOf(updates), places, backend.addressOf(onto), count, numbers, sizeOf(onto.shape) / numbers],
    Math.ceil(numbers / 16),
    2 * count * numbers
  )
  return onto
}

const scatterNd: Native = given => {
  const {
    inputs: { indices, updates },
    attrs,
    backend
  } = given as Given & { inputs: { indices: tf.TensorInfo; updates: tf.TensorInfo } }
  const shape = attrs.shape as number[]
  if (!isNumeric(updates) || updates.dtype === 'bool') return undefined
  const { sliceRank, numUpdates, sliceSize } = tf.backend_util.calculateShapes(
    updates as tf.TensorInfo as tf.Tensor,
    indices as tf.Tensor,
    shape
  )
  return sizeOf(updates.shape) !== numUpdates * sliceSize
    ? undefined
    : withRows(given, indices, shape, sliceRank, (rows, count, numbers) =>
        scatter(
          given,
          updates.dtype === 'float32' ? 0 : 1,
          updates,
          rows,
          count,
          numbers,
          fillBlock(backend, backend.allocate(shape, updates.dtype), 0)
        )
      )
}

const tensorScatterUpdate: Native = given => {
  const {
    inputs: { tensor, indices, updates },
    backend
  } = given as Given & { inputs: { tensor: tf.TensorInfo; indices: tf.TensorInfo; updates: tf.TensorInfo } }
  if (!isNumeric(tensor) || tensor.dtype === 'bool' || updates.dtype !== tensor.dtype) return undefined
  const { sliceRank, numUpdates, sliceSize } = tf.backend_util.calculateShapes(
    updates as tf.Tensor,
    indices as tf.Tensor,
    tensor.shape
  )
  return sizeOf(updates.shape) !== numUpdates * sliceSize
    ? undefined
    : withRows(given, indices, tensor.shape, sliceRank, (rows, count, numbers) => {
        const result = backend.allocate(tensor.shape, tensor.dtype)
        const [from, to] = [tensor, result].map(info => backend.addressOf(info)) as [number, number]
        backend.engine.bytes.copyWithin(to, from, from + 4 * sizeOf(tensor.shape))
        return scatter(given, 2, updates, rows, count, numbers, result)
      })
}

/** The gradient of `gather`. */
const segmentSum: Native = given => {
  const {
    inputs: { x, segmentIds },
    attrs,
    backend
  } = given as Given & { inputs: { x: tf.TensorInfo; segmentIds: tf.TensorInfo } }
  const segments = attrs.numSegments as number
  const [count, ...row] = x.shape as [number, ...number[]]
  if (
    !isFloat(x) ||
    segmentIds.dtype !== 'int32' ||
    segmentIds.shape.length !== 1 ||
    segmentIds.shape[0] !== count ||
    segments === 0
  )
    return undefined
  const result = fillBlock(backend, backend.allocate([segments, ...row]), 0)
  return scatter(given, 0, x, backend.addressOf(segmentIds), count, sizeOf(row), result)
}

const oneHot: Native = given => {
  const indices = given.inputs.indices!
  const { depth, onValue, offValue, dtype } = given.attrs as {
    depth: number
    onValue: number
    offValue: number
    dtype: tf.DataType
  }
  if (indices.dtype !== 'int32' || (dtype !== 'float32' && dtype !== 'int32')) return undefined
  const result = fillBlock(given.backend, given.backend.allocate([...indices.shape, depth], dtype), offValue)
  const { engine } = given.backend
  const first = given.backend.addressOf(result) / 4
  const numbers = dtype === 'float32' ? engine.floats : engine.ints
  valuesOf(given, indices).forEach((place, row) => {
    if (place >= 0 && place < depth) numbers[first + row * depth + place] = onValue
  })
  return result
}

/** Rows at places that other tensors name. */
export const places: Natives = {
  GatherNd: gatherNd,
  GatherV2: gather,
  OneHot: oneHot,
  ScatterNd: scatterNd,
  TensorScatterUpdate: tensorScatterUpdate,
  UnsortedSegmentSum: segmentSum
}
