import * as tf from '@tensorflow/tfjs-core'
import { scratch, type Call } from './scratch.ts'

/** Numbers that are added up in one go: more in a row, and float32 loses digits of the total. */
const block = 128

/** Sums that are quick over leading axes and exact to float32 over any number of numbers. */
export const sum = (): tf.KernelConfig => reduction('Sum', (call, total) => total)

/** Means from such sums. */
export const mean = (): tf.KernelConfig => reduction('Mean', (call, total, count) => times(call, total, 1 / count))

function reduction(kernelName: 'Sum' | 'Mean', finish: (call: Call, total: tf.TensorInfo, count: number) => tf.TensorInfo): tf.KernelConfig {
  const { kernelFunc } = tf.getKernel(kernelName, 'wasm')
  return {
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const x = inputs.x!
      const { axis, keepDims } = attrs as { axis: number | number[]; keepDims: boolean }
      const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b)
      const kept = x.shape.filter((_, i) => !axes.includes(i))
      const outer = tf.util.sizeFromShape(kept)
      const inner = tf.util.sizeFromShape(x.shape) / outer
      const rank = x.shape.length
      const leading = axes.length === rank - 1 && axes.every((axis, i) => axis === i) && outer >= 4 && inner >= 32
      const trailing = axes.every((axis, i) => axis === rank - axes.length + i) && inner > block
      if (x.dtype !== 'float32' || !(leading || trailing)) return kernelFunc({ inputs, attrs: attrs!, backend })
      return scratch(backend, call => {
        const total = leading ? columnSums(call, x, inner, outer) : rowSums(call, x, outer, inner)
        const shape = keepDims ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size)) : kept
        return call('Reshape', { x: finish(call, total, inner) }, { shape })
      })
    }
  }
}

/** As poolings of tall columns: many times faster here. */
function columnSums(call: Call, x: tf.TensorInfo, rows: number, columns: number): tf.TensorInfo {
  let left = x
  for (let height = rows; height > 1;) {
    const size = Math.min(height, 1024)
    const blocks = Math.ceil(height / size)
    const whole = padded(call, call('Reshape', { x: left }, { shape: [height, columns] }), 0, blocks * size)
    const column = call('Reshape', { x: whole }, { shape: [1, blocks * size, 1, columns] })
    left = times(call, call('AvgPool', { x: column }, { filterSize: [size, 1], strides: [size, 1], pad: 'valid' }), size)
    height = blocks
  }
  return left
}

/** Block by block, then the blocks' sums, until one is left of each row. */
function rowSums(call: Call, x: tf.TensorInfo, rows: number, columns: number): tf.TensorInfo {
  let left = x
  for (let width = columns; width > 1;) {
    const size = Math.min(width, block)
    const blocks = Math.ceil(width / size)
    const whole = padded(call, call('Reshape', { x: left }, { shape: [rows, width] }), 1, blocks * size)
    // Rows of a block are short enough for the kernel that this one replaces.
    left = call('Sum', { x: call('Reshape', { x: whole }, { shape: [rows * blocks, size] }) }, { axis: [1], keepDims: false })
    width = blocks
  }
  return left
}

/** A matrix with zeros at the end of an axis. */
function padded(call: Call, x: tf.TensorInfo, axis: 0 | 1, size: number): tf.TensorInfo {
  const missing = size - x.shape[axis]!
  if (missing === 0) return x
  return call('PadV2', { x }, { paddings: [0, 1].map(i => [0, i === axis ? missing : 0]), constantValue: 0 })
}

const times = (call: Call, x: tf.TensorInfo, factor: number): tf.TensorInfo =>
  call('Multiply', { a: x, b: call('Fill', {}, { shape: [1], value: factor, dtype: 'float32' }) })
