import * as tf from '@tensorflow/tfjs-core'
import { scratch } from './scratch.ts'

/** Products with transposed factors: transposing first and multiplying plainly is some twenty times faster here. */
export const matMul = (): tf.KernelConfig => transposingFirst('BatchMatMul')

/** The same with bias and activation. */
export const fusedMatMul = (): tf.KernelConfig => transposingFirst('_FusedMatMul')

function transposingFirst(kernelName: string): tf.KernelConfig {
  const { kernelFunc } = tf.getKernel(kernelName, 'wasm')
  return {
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { transposeA, transposeB, ...rest } = attrs as { transposeA?: boolean; transposeB?: boolean }
      if (!transposeA && !transposeB) return kernelFunc({ inputs, attrs: attrs!, backend })
      return scratch(backend, call => {
        const swapped = (factor: tf.TensorInfo): tf.TensorInfo => {
          const rank = factor.shape.length
          const perm = [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]
          return call('Transpose', { x: factor }, { perm })
        }
        const a = transposeA ? swapped(inputs.a!) : inputs.a!
        const b = transposeB ? swapped(inputs.b!) : inputs.b!
        return kernelFunc({ inputs: { ...inputs, a, b }, attrs: { ...rest, transposeA: false, transposeB: false }, backend }) as tf.TensorInfo
      })
    }
  }
}
