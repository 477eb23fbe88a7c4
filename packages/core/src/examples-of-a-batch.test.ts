import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { checkBatch } from './check-batch.ts'
import type { Batch } from './contracts.ts'
import { partOf } from './views.ts'

const rows = (...values: number[]): tf.Tensor2D => tf.tensor2d(values, [values.length, 1])
const boxes = [1, 2, 3].map(count => tf.fill([count, 4], count))
const batch: Batch = {
  views: [rows(1, 2, 3), rows(4, 5, 6)],
  context: [{ mask: rows(1, 0, 1) }, { mask: rows(0, 0, 1) }],
  labels: tf.tensor2d([
    [1, 10],
    [2, 20],
    [3, 30]
  ]),
  indices: tf.tensor1d([7, 8, 9], 'int32'),
  similarity: tf.tensor2d([1, 0.2, 0.3, 0.2, 1, 0.6, 0.3, 0.6, 1], [3, 3]),
  examples: { boxes, areas: rows(10, 20, 30) }
}
const numbers = (tensor: tf.Tensor | undefined): number[] =>
  [...tensor!.dataSync()].map(value => Number(value.toFixed(3)))

test('a part of a batch has of everything the rows of its examples', () => {
  const { views, context, labels, indices, similarity, examples } = partOf(batch, 1, 4)
  expect(views.map(numbers)).toEqual([
    [2, 3],
    [5, 6]
  ])
  expect(context!.map(constants => numbers((constants as { mask: tf.Tensor }).mask))).toEqual([
    [0, 1],
    [0, 1]
  ])
  expect(numbers(labels)).toEqual([2, 20, 3, 30])
  expect(numbers(indices)).toEqual([8, 9])
  expect(numbers(similarity)).toEqual([1, 0.6, 0.6, 1])
  const { boxes, areas } = examples as { boxes: readonly tf.Tensor[]; areas: tf.Tensor }
  expect(boxes.map(({ shape }) => shape)).toEqual([
    [2, 4],
    [3, 4]
  ])
  expect(numbers(areas)).toEqual([20, 30])
})

test.each<[Partial<Record<keyof Batch, unknown>>, string]>([
  [{ views: undefined }, 'expected a batch with views, got none.'],
  [{ views: [undefined] }, 'expected views as tensors [batch, 1], got undefined.'],
  [{ views: [[1, 2]] }, 'expected views as tensors [batch, 1], got a list of 2.'],
  [{ labels: [1, 2, 3] }, 'expected labels as a living tensor, got a list of 3.'],
  [{ labels: null }, 'expected labels as a living tensor, got null.'],
  [{ indices: Int32Array.of(1, 2, 3) }, 'expected indices as a living tensor, got a object.'],
  [{ examples: null }, 'expected the examples of a batch as a record of tensors, got null.']
])('a batch with %o is refused', (part, message) => {
  expect(() => checkBatch('step', { ...batch, ...part } as Batch, [1])).toThrow(`step: ${message}`)
})

describe('what examples have', () => {
  test('is a row or a tensor for each of them', () => {
    expect(() => checkBatch('step', batch, [1])).not.toThrow()
  })

  const gone = rows(1, 2, 3)
  gone.dispose()
  test.each<[string, NonNullable<Batch['examples']>, string]>([
    [
      'too few rows',
      { areas: rows(1, 2) },
      'expected areas of 3 examples, a tensor with a row or a list with a tensor'
    ],
    ['too long a list', { boxes: [...boxes, ...boxes] }, 'expected boxes of 3 examples'],
    ['numbers', { sizes: Float32Array.of(1, 2, 3) as never }, 'expected sizes of 3 examples'],
    ['a list of numbers', { sizes: [1, 2, 3] as never }, 'expected living tensors as the sizes of the examples'],
    ['what was disposed', { areas: gone }, 'expected living tensors as the areas of the examples']
  ])('%s: refused by name', (_, examples, message) => {
    expect(() => checkBatch('step', { ...batch, examples }, [1])).toThrow(`step: ${message}`)
  })
})
