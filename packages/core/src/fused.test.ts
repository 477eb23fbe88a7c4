import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { fusedOr } from './index.ts'

test("a backend's own kernel gets its inputs and numbers; any other, and what is not of floats, is composed", () => {
  tf.registerKernel({
    kernelName: 'TimesForTest',
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x } = inputs as { x: tf.TensorInfo }
      const cpu = backend as unknown as {
        readSync(id: object): Float32Array
        makeTensorInfo(shape: number[], dtype: string, values: Float32Array): tf.TensorInfo
      }
      return cpu.makeTensorInfo(
        x.shape,
        'float32',
        cpu.readSync(x.dataId).map(value => value * Number(attrs!.factor))
      )
    }
  })
  const x = tf.tensor1d([1, 2])
  const composed = (): tf.Tensor => tf.add(x, 1)
  expect([...fusedOr('TimesForTest', { x }, composed, { factor: 3 }).dataSync()]).toEqual([3, 6])
  const whole = tf.tensor1d([1, 2], 'int32')
  expect([...fusedOr('TimesForTest', { x, whole }, composed, { factor: 3 }).dataSync()]).toEqual([2, 3])
  expect([...fusedOr('NobodyHasThis', { x }, composed, { factor: 3 }).dataSync()]).toEqual([2, 3])
  tf.unregisterKernel('TimesForTest', 'cpu')
})
