import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { detached, vjp } from './index.ts'

const numbers = (tensor: tf.Tensor | undefined): number[] | undefined => tensor && [...tensor.dataSync()]

test('one forward serves any number of pulls', () => {
  const x = tf.tensor1d([1, 2])
  const w = tf.tensor1d([3, 4])
  let runs = 0
  const { outputs, pull, dispose } = vjp(() => {
    runs++
    return { outputs: [tf.mul(tf.square(x), w)], aux: undefined }
  }, [x, w])
  expect(numbers(outputs[0])).toEqual([3, 16])
  expect(pull([tf.tensor1d([1, 1])], [x]).map(numbers)).toEqual([[6, 16]])
  expect(pull([tf.tensor1d([1, 10])], [w]).map(numbers)).toEqual([[1, 40]])
  expect(pull([tf.tensor1d([1, 1])], [w, x]).map(numbers)).toEqual([
    [1, 4],
    [6, 16]
  ])
  expect(runs).toBe(1)
  dispose()
})

test('agrees with tf.grads on a small network', () => {
  const x = tf.randomNormal<tf.Rank.R4>([2, 5, 5, 3], 0, 1, 'float32', 1)
  const kernel = tf.randomNormal<tf.Rank.R4>([3, 3, 3, 4], 0, 1, 'float32', 2)
  const f = (x: tf.Tensor, kernel: tf.Tensor): tf.Tensor =>
    tf.logSoftmax(tf.mean(tf.relu(tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 2, 'same')), [1, 2]))
  const dy = tf.tensor2d([
    [1, 2, 3, 4],
    [4, 3, 2, 0]
  ])
  const expected = tf.grads(f)([x, kernel], dy)
  const { pull } = vjp(() => ({ outputs: [f(x, kernel)], aux: null }), [x, kernel])
  const pulled = pull([dy], [x, kernel], { last: true })
  expected.forEach((gradient, i) =>
    expect(tf.max(tf.abs(tf.sub(gradient, pulled[i]!))).dataSync()[0]).toBeLessThan(1e-6)
  )
})

test('a gradient that is not wanted is not computed', () => {
  const x = tf.scalar(2)
  const w = tf.scalar(3)
  const asked: string[] = []
  const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    tf.customGrad((...given) => {
      const [a, b, save] = given as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc]
      save([a, b])
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        asked.push('product')
        return [tf.mul(dy, saved[1]!), tf.mul(dy, saved[0]!)]
      }
      return { value: tf.mul(a, b), gradFunc }
    })(a, b)
  const { pull } = vjp(() => ({ outputs: [tf.add(product(tf.square(x), tf.scalar(1)), w)], aux: null }), [x, w])
  expect(pull([tf.scalar(1)], [w]).map(numbers)).toEqual([[1]])
  expect(asked).toEqual([])
  expect(pull([tf.scalar(1)], [x]).map(numbers)).toEqual([[4]])
  expect(asked).toEqual(['product'])
})

test('several outputs are pulled together, and an absent cotangent counts as zero', () => {
  const x = tf.scalar(3)
  const { pull, dispose } = vjp(() => ({ outputs: [tf.square(x), tf.mul(x, 5)], aux: null }), [x])
  expect(pull([tf.scalar(1), tf.scalar(2)], [x]).map(numbers)).toEqual([[16]])
  expect(pull([undefined, tf.scalar(2)], [x]).map(numbers)).toEqual([[10]])
  expect(pull([undefined, undefined], [x])).toEqual([undefined])
  dispose()
})

test('tensors made outside are constants, and the identity passes a cotangent through', () => {
  const x = tf.scalar(3)
  const outside = tf.square(x)
  const { pull } = vjp(() => ({ outputs: [tf.mul(outside, 2), x], aux: null }), [x])
  expect(pull([tf.scalar(1), tf.scalar(7)], [x], { last: true }).map(numbers)).toEqual([[7]])
})

test('comparisons inside the function are constants, as everywhere else in the field', () => {
  const x = tf.tensor1d([-1, 2])
  const { pull } = vjp(() => ({ outputs: [tf.where(tf.greater(x, 0), tf.square(x), tf.mul(x, 3))], aux: null }), [x])
  expect(pull([tf.tensor1d([1, 1])], [x], { last: true }).map(numbers)).toEqual([[3, 4]])
})

test('nothing is left behind: not by pulls, not by what was never pulled, not by a function that throws', () => {
  const x = tf.tensor1d([1, 2, 3])
  const before = tf.memory()
  const f = (): { outputs: tf.Tensor[]; aux: tf.Tensor } => {
    const y = tf.exp(tf.mul(x, tf.sin(x)))
    return { outputs: [tf.sum(y)], aux: tf.mul(tf.square(x), 3) }
  }
  const first = vjp(f, [x])
  const pulled = first.pull([tf.scalar(1)], [x], { last: true })
  const second = vjp(f, [x])
  second.dispose()
  for (const tensor of [...first.outputs, first.aux, ...pulled, ...second.outputs, second.aux]) tensor!.dispose()
  expect(() =>
    vjp(() => {
      f()
      throw new Error('halfway')
    }, [x])
  ).toThrow('halfway')
  const after = tf.memory()
  // Only the two cotangents above were made here and not freed.
  expect(after.numTensors).toBe(before.numTensors + 1)
  expect(after.numDataBuffers).toBe(before.numDataBuffers + 1)
})

test('the last pull frees what was saved, and a pull after it is refused', () => {
  const x = tf.ones([1000])
  const before = tf.memory().numBytes
  const { outputs, pull } = vjp(() => ({ outputs: [tf.sum(tf.exp(tf.exp(tf.exp(x))))], aux: null }), [x])
  expect(tf.memory().numBytes).toBeGreaterThan(before + 8000)
  pull([tf.scalar(1)], [x], { last: true })
  outputs[0]!.dispose()
  // What remains is the gradient and the cotangent.
  expect(tf.memory().numBytes).toBe(before + 4000 + 4)
  expect(() => pull([tf.scalar(1)], [x])).toThrow('vjp: expected a pull before the last one')
})

test('cotangents are borrowed, or taken and freed if told so', () => {
  const x = tf.scalar(2)
  const { pull } = vjp(() => ({ outputs: [tf.square(x)], aux: null }), [x])
  const cotangent = tf.scalar(3)
  pull([cotangent], [x])
  expect(cotangent.isDisposed).toBe(false)
  expect(pull([cotangent], [x], { last: true, consume: true }).map(numbers)).toEqual([[12]])
  expect(cotangent.isDisposed).toBe(true)
})

test('an operation without a gradient is named', () => {
  const x = tf.tensor1d([1, 2, 3])
  const { pull } = vjp(() => ({ outputs: [tf.topk(x, 2).values], aux: null }), [x])
  expect(() => pull([tf.tensor1d([1, 1])], [x], { last: true })).toThrow(
    'vjp: expected operations with a gradient, got TopK'
  )
})

test('what runs detached is a constant, and keeps nothing for a backward pass', () => {
  const x = tf.scalar(3)
  const { pull } = vjp(
    () => ({
      outputs: [
        tf.mul(
          x,
          detached(() => tf.square(x))
        )
      ],
      aux: null
    }),
    [x]
  )
  expect(pull([tf.scalar(1)], [x], { last: true }).map(numbers)).toEqual([[9]])
})
