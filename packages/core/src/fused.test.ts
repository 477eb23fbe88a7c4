import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { fusedOr, shapesOf, type FusedKernel } from './index.ts'

/** One more than it is, so that it can be told from a backend's kernel. */
const scaled: FusedKernel<{ x: tf.Tensor }, { factor: number }, tf.Tensor> = {
  name: 'ScaledForTest',
  shapes({ x }) {
    if (x.length !== 1) throw new Error(`scaled: expected a row of numbers, got ${x.length} axes.`)
    return x
  },
  multiplyAdds: () => 0,
  composed: ({ x }) => tf.add(x, 1)
}

function registerScaled(): void {
  tf.registerKernel({
    kernelName: scaled.name,
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
}

test("a backend's own kernel gets its inputs and attributes; any other, and what is not of floats, is composed", () => {
  const x = tf.tensor1d([1, 2])
  expect([...fusedOr(scaled, { x }, { factor: 3 }).dataSync()]).toEqual([2, 3])
  registerScaled()
  expect([...fusedOr(scaled, { x }, { factor: 3 }).dataSync()]).toEqual([3, 6])
  expect([...fusedOr(scaled, { x: tf.tensor1d([1, 2], 'int32') }, { factor: 3 }).dataSync()]).toEqual([2, 3])
  tf.unregisterKernel(scaled.name, 'cpu')
})

test('what the rule of shapes refuses is refused before anything runs, with a kernel and without one', () => {
  const x = tf.ones([2, 2])
  const tensors = tf.memory().numTensors
  const refused = (): tf.Tensor => fusedOr(scaled, { x }, { factor: 3 })
  expect(refused).toThrow('scaled: expected a row of numbers, got 2 axes.')
  registerScaled()
  expect(refused).toThrow('scaled: expected a row of numbers, got 2 axes.')
  tf.unregisterKernel(scaled.name, 'cpu')
  expect(tf.memory().numTensors).toBe(tensors)
})

test('inputs, attributes and results have the types of the descriptor', () => {
  const x = tf.tensor1d([1, 2])
  // Only compiled.
  const typed = (): unknown[] => [
    fusedOr(scaled, { x }, { factor: 3 }) satisfies tf.Tensor,
    // @ts-expect-error an input is missing
    fusedOr(scaled, {}, { factor: 3 }),
    // @ts-expect-error the attributes are missing
    fusedOr(scaled, { x }),
    // @ts-expect-error an attribute is of another type
    fusedOr(scaled, { x }, { factor: true })
  ]
  expect(typed).toBeTypeOf('function')
})

test('shapesOf names the shape of each input', () => {
  expect(shapesOf({ a: tf.ones([2, 3]), b: tf.scalar(1) })).toEqual({ a: [2, 3], b: [] })
})
