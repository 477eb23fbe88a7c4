import * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import type { WasmBackend } from '../wasm-backend.ts'
import { axesLast, call, instead, isFloat, isNumeric, sizeOf, type Given, type Native, type Natives } from './kernel.ts'

// The same order as in assembly/reductions.ts.
const names = ['Sum', 'Max', 'Min', 'Prod']

/** Rows of one block: enough to be worth a part of their own, few enough for float32. */
export const blockRows = 512

/** `[outer, rows, columns]` to `[outer, columns]`, times a factor. */
export function reduceColumns(
  backend: WasmBackend,
  op: number,
  x: number,
  outer: number,
  rows: number,
  columns: number,
  target: number,
  factor: number
): void {
  const blocks = Math.ceil(rows / blockRows)
  const pass = (source: number, to: number, length: number, size: number, scale: number): void =>
    backend.engine.run(
      'reduceColumns',
      [op, source, to, length, columns, bitsOf(scale), size],
      outer * Math.ceil(length / size),
      outer * length * columns
    )
  if (blocks === 1) return pass(x, target, rows, rows, factor)
  backend.engine.withScratch(4 * outer * blocks * columns, partial => {
    pass(x, partial, rows, blockRows, 1)
    reduceColumns(backend, op, partial, outer, blocks, columns, target, factor)
  })
}

/** `[rows, numbers]` to `[rows]`, times a factor; few long rows in blocks, so that threads share them. */
function reduceRows(
  backend: WasmBackend,
  op: number,
  x: number,
  rows: number,
  numbers: number,
  target: number,
  factor: number
): void {
  const parts = rows < 16 && numbers % 16 === 0 && numbers >= 65_536 ? 16 : 1
  const pass = (source: number, to: number, count: number, length: number, scale: number): void =>
    backend.engine.run('reduceRows', [op, source, to, length, bitsOf(scale)], count, count * length)
  if (parts === 1) return pass(x, target, rows, numbers, factor)
  backend.engine.withScratch(4 * rows * parts, partial => {
    pass(x, partial, rows * parts, numbers / parts, 1)
    pass(partial, target, rows, parts, factor)
  })
}

/** Axes that a kernel reduces, and the shape of what it leaves. */
function reducedOf({ inputs, attrs }: Given): { readonly axes: readonly number[]; readonly shape: number[] } {
  const { shape } = inputs.x!
  // Maxima call their axes by another name.
  const {
    axis,
    reductionIndices = axis,
    keepDims
  } = attrs as { axis: number | number[]; reductionIndices?: number | number[] | undefined; keepDims: boolean }
  const axes = tf.util.parseAxisParam(reductionIndices, shape)
  return {
    axes,
    shape: keepDims
      ? shape.map((length, i) => (axes.includes(i) ? 1 : length))
      : shape.filter((_, i) => !axes.includes(i))
  }
}

/** Whole numbers and booleans are the JavaScript kernel's. */
const notOfFloats =
  (name: string): Native =>
  given => {
    const { axes, shape } = reducedOf(given)
    const result = axesLast(name, given, axes)
    return result && { ...result, shape }
  }

const reduction =
  (op: number, mean = false): Native =>
  given => {
    const { inputs, backend } = given
    const x = inputs.x!
    if (sizeOf(x.shape) === 0) return undefined
    if (!isFloat(x)) return mean && isNumeric(x) ? meanOfFloats(given) : notOfFloats(names[op]!)(given)
    const { axes, shape } = reducedOf(given)
    const rank = x.shape.length
    // Axes of length one may count as reduced or not: what is left must lie side by side.
    const reduced = x.shape.map((length, i) => axes.includes(i) || length === 1)
    const real = x.shape.map((length, i) => length > 1 && axes.includes(i))
    const first = real.indexOf(true)
    const end = real.lastIndexOf(true) + 1
    if (first >= 0 && !reduced.slice(first, end).every(Boolean)) {
      // Reduced axes go last; what comes out has the order of the others.
      const perm = [...x.shape.keys()].sort((a, b) => Number(real[a]) - Number(real[b]) || a - b)
      const moved = call('Transpose', given, { x }, { perm })
      const last = perm.flatMap((from, to) => (real[from] ? [to] : []))
      const result = reduction(
        op,
        mean
      )({
        ...given,
        inputs: { x: moved },
        attrs: { axis: last, reductionIndices: last, keepDims: false }
      }) as tf.TensorInfo
      backend.disposeIntermediateTensorInfo(moved)
      return { ...result, shape }
    }
    const [outer, count, columns] =
      first < 0
        ? [sizeOf(x.shape), 1, 1]
        : [sizeOf(x.shape.slice(0, first)), sizeOf(x.shape.slice(first, end)), sizeOf(x.shape.slice(end, rank))]
    const result = backend.allocate(shape)
    const [source, target, factor] = [backend.addressOf(x), backend.addressOf(result), mean ? 1 / count : 1]
    if (columns === 1) reduceRows(backend, op, source, outer, count, target, factor)
    else reduceColumns(backend, op, source, outer, count, columns, target, factor)
    return result
  }

function meanOfFloats(given: Given): tf.TensorInfo {
  const x = call('Cast', given, given.inputs, { dtype: 'float32' })
  return instead(given, x, call('Mean', given, { x }, given.attrs))
}

/** Over the last axis. */
const softmax =
  (wantsLog: boolean): Native =>
  ({ inputs, attrs, backend }) => {
    const x = inputs.logits!
    const dim = Number(attrs.dim ?? attrs.axis ?? -1)
    if (!isFloat(x) || x.shape.length === 0 || (dim !== -1 && dim !== x.shape.length - 1)) return undefined
    const result = backend.allocate(x.shape)
    const numbers = x.shape.at(-1)!
    const size = sizeOf(x.shape)
    backend.engine.run(
      'softmax',
      [backend.addressOf(x), backend.addressOf(result), numbers, Number(wantsLog)],
      size === 0 ? 0 : size / numbers,
      20 * size
    )
    return result
  }

export const reductions: Natives = {
  ...Object.fromEntries(names.map((name, op) => [name, reduction(op)])),
  All: notOfFloats('All'),
  Any: notOfFloats('Any'),
  Mean: reduction(0, true),
  Softmax: softmax(false),
  LogSoftmax: softmax(true)
}
