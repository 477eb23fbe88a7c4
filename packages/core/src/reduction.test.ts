import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { applyLoss } from './apply-loss.ts'
import type { Loss } from './contracts.ts'
import { reduced, reducedWithGradient, type Reduction, type RowLoss } from './reduction.ts'
import { vjp } from './vjp.ts'

const rows = tf.tensor1d([1, 2, 6])

const read = (tensor: tf.Tensor): number[] => [...tensor.dataSync()]

test('rows become their mean, their sum, or stay; of some that do not count the mean is over the others', () => {
  expect(read(reduced(rows, 'mean'))).toEqual([3])
  expect(read(reduced(rows, 'sum'))).toEqual([9])
  expect(reduced(rows, 'none')).toBe(rows)
  for (const count of [2, tf.scalar(2)]) expect(read(reduced(rows, 'mean', count))).toEqual([4.5])
})

test.each<[Reduction, number | tf.Tensor | undefined, number[]]>([
  ['mean', undefined, [2, 4, 12]],
  ['mean', 2, [3, 6, 18]],
  ['mean', tf.scalar(2), [3, 6, 18]],
  ['sum', undefined, [6, 12, 36]],
  ['none', undefined, [2, 8, 36]]
])('one formula gives the gradient of the %s, over %s', (reduction, count, expected) => {
  const square = (): tf.Tensor =>
    reducedWithGradient(
      [rows],
      reduction,
      x => ({
        value: tf.square(x),
        saved: [x],
        gradient: (dy, [x]) => [tf.reshape(tf.mul(tf.mul(tf.expandDims(x!, 1), 2), dy), [3])]
      }),
      count
    )
  const { outputs, pull } = vjp(() => ({ outputs: [square()], aux: null }), [rows])
  const arriving = reduction === 'none' ? tf.tensor1d([1, 2, 3]) : tf.scalar(3)
  expect(read(outputs[0]!)).toEqual(read(reduced(tf.square(rows), reduction, count)))
  read(pull([arriving], [rows], { last: true })[0]!).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5))
})

test('a recipe refuses rows, and says how to mend it', () => {
  const each: RowLoss = ([first]) => tf.mean(first, 1)
  // @ts-expect-error Rows are no loss, for the compiler neither.
  const loss: Loss = each
  const views = [tf.ones([3, 2]) as tf.Tensor2D] as const
  expect(() => applyLoss({ name: 'unit0', loss }, views, { views }, { params: {}, memory: {} })).toThrow(
    'unit "unit0": expected the loss to be one scalar, got shape [3]. ' +
      "Leave out its reduction: 'none', or take the mean of what it gives."
  )
})
