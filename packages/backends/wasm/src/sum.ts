import * as tf from '@tensorflow/tfjs-core'
import { scratch } from './scratch.ts'

/** Sums over all axes but the last, as a pooling of one tall column: many times faster here. */
export function sum(): tf.KernelConfig {
  const { kernelFunc } = tf.getKernel('Sum', 'wasm')
  return {
    kernelName: 'Sum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const x = inputs.x!
      const { axis, keepDims } = attrs as { axis: number | number[]; keepDims: boolean }
      const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b)
      const last = x.shape.length - 1
      const leading = last > 0 && axes.length === last && axes.every((axis, i) => axis === i)
      const columns = x.shape[last]!
      const rows = tf.util.sizeFromShape(x.shape) / columns
      if (!leading || x.dtype !== 'float32' || columns < 4 || rows < 32) return kernelFunc({ inputs, attrs: attrs!, backend })
      return scratch(backend, call => {
        const column = call('Reshape', { x }, { shape: [1, rows, 1, columns] })
        const mean = call('AvgPool', { x: column }, { filterSize: [rows, 1], strides: 1, pad: 'valid' })
        const total = call('Multiply', { a: mean, b: call('Fill', {}, { shape: [1], value: rows, dtype: 'float32' }) })
        return call('Reshape', { x: total }, { shape: keepDims ? [...x.shape.slice(0, last).fill(1), columns] : [columns] })
      })
    }
  }
}
