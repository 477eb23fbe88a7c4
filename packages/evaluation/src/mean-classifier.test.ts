import { describe, expect, test } from 'vitest'
import golden from './golden/mean-classifier.json' with { type: 'json' }
import { meanClassifier, type Features } from './index.ts'

const rows = (dim: number, { values, labels }: { values: number[]; labels: number[] }): Features => ({
  dim,
  values: Float32Array.from(values),
  labels: Int32Array.from(labels)
})
const features = (labels: number[], ...values: number[][]): Features =>
  rows(values[0]!.length, { labels, values: values.flat() })

describe('the mean classifier', () => {
  test('agrees with NumPy, in double precision', () => {
    const { dim, train, test, avg2, top1, top5 } = golden
    const found = meanClassifier(rows(dim, train), rows(dim, test))
    expect(found.avg2).toBeCloseTo(avg2, 14)
    expect(found.top1).toBe(top1)
    expect(found.top5).toBe(top5)
  })

  test('by hand: means (2, 0) and (0, 1) tell rows apart by 2x > y, whatever their distance', () => {
    const train = features([0, 0, 1], [1, 0], [3, 0], [0, 1])
    // (1, 1.9) is nearer to (0, 1), but its product with (2, 0) is larger; (1, 2) is a tie, and so an error.
    const test = features([0, 0, 1, 1], [1, 1.9], [1, 2], [1, 3], [-1, 0])
    expect(meanClassifier(train, test)).toEqual({ avg2: 0.75, top1: 0.75, top5: 1 })
  })

  test('of rows that are all equal, none is told apart', () => {
    const same = features([0, 1, 2], [1, 1], [1, 1], [1, 1])
    expect(meanClassifier(same, same)).toEqual({ avg2: 0, top1: 0, top5: 1 })
  })

  test('a class that training lacks is no rival, and cannot be asked for', () => {
    const train = features([0, 2], [1, 0], [0, 1])
    expect(meanClassifier(train, train)).toEqual({ avg2: 1, top1: 1, top5: 1 })
    expect(() => meanClassifier(train, features([1], [1, 0]))).toThrow(
      'meanClassifier: expected training examples of every class that is asked for, got none of class 1.'
    )
  })

  test('wants features of one length, and finite', () => {
    const train = features([0, 1], [1, 0], [0, 1])
    expect(() => meanClassifier(train, features([0], [1]))).toThrow('meanClassifier: expected features of one length')
    expect(() => meanClassifier(train, features([0], [NaN, 0]))).toThrow('meanClassifier: expected finite features')
  })
})
