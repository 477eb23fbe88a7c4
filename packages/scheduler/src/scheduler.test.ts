import { stateless, type Schedule, type Span, type Unit } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { disjoint, layerwise, sequential, simultaneous } from './index.ts'

const head = stateless('identity', { init: (_, shape) => ({ params: {}, outputShape: shape }), apply: (_, x) => x })
const unit = ({ start, end }: Span): Unit => ({
  name: `${start}-${end}`,
  start,
  end,
  head,
  loss: ([a, b]) => tf.mean(tf.squaredDifference(a, b!))
})
const windows = [0, 1, 2, 3].map(start => unit({ start, end: start + 2 }))
const names = (schedule: Schedule, units = windows, step = 0): string[][] =>
  schedule(units, step).map(round => round.map(({ name }) => name))

test('simultaneous: all units share one round', () => {
  expect(names(simultaneous())).toEqual([['0-2', '1-3', '2-4', '3-5']])
})

test('sequential: one round for each unit, bottom to top, whatever their order', () => {
  expect(names(sequential(), [...windows].reverse())).toEqual([['0-2'], ['1-3'], ['2-4'], ['3-5']])
})

test('layerwise: each unit has its steps, and the last one goes on', () => {
  const learning = [0, 9, 10, 29, 30, 1000].map(step => names(layerwise({ steps: 10 }), windows, step)[0]![0])
  expect(learning).toEqual(['0-2', '0-2', '1-3', '2-4', '3-5', '3-5'])
  expect(() => layerwise({ steps: 0 })).toThrow('layerwise: expected 1 step or more for each unit, got 0. Try 1000.')
})

test('disjoint: no two units of a round share a stage, in as few rounds as possible', () => {
  expect(names(disjoint())).toEqual([
    ['0-2', '2-4'],
    ['1-3', '3-5']
  ])
  expect(
    names(
      disjoint(),
      [0, 1, 2].map(start => unit({ start, end: start + 1 }))
    )
  ).toEqual([['0-1', '1-2', '2-3']])
  expect(
    names(
      disjoint(),
      [0, 1, 2, 3, 4].map(start => unit({ start, end: start + 3 }))
    )
  ).toHaveLength(3)
})
