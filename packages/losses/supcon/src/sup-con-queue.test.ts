import '@tensorflow/tfjs-backend-cpu'
import { seeded, type Batch, type Views } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { supConQueue, type KeysAndClasses } from './index.ts'

type Loss = ReturnType<typeof supConQueue>
const start = (loss: Loss, dim = 3): KeysAndClasses => loss.init(seeded(1), { embedding: [dim] }).memory
const rows = (seed: number, count: number): tf.Tensor2D => seeded(seed).normal([count, 3]) as tf.Tensor2D

function ask(
  loss: Loss,
  memory: KeysAndClasses,
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  rest: Partial<Batch> = {}
): { loss: number; memory: KeysAndClasses } {
  const [views, targets]: Views<tf.Tensor2D>[] = [
    [query, query],
    [key, key]
  ]
  const result = loss.apply(views!, { views: views!, targets, ...rest }, { params: {}, memory })
  return { loss: read(result.loss)[0]!, memory: result.memory }
}
const classes = (...of: number[]): Pick<Batch, 'labels'> => ({ labels: tf.tensor1d(of, 'int32') })

test('golden: two orthogonal keys of one class cost log(1 + e) − 1/2, of two classes log(1 + 1/e)', () => {
  const loss = supConQueue({ temperature: 1, size: 4 })
  const pairs = tf.tensor2d([
    [1, 0, 0],
    [0, 1, 0]
  ])
  expect(ask(loss, start(loss), pairs, pairs, classes(0, 1)).loss).toBeCloseTo(Math.log(1 + 1 / Math.E), 6)
  expect(ask(loss, start(loss), pairs, pairs, classes(0, 0)).loss).toBeCloseTo(Math.log(1 + Math.E) - 1 / 2, 6)
  // Nobody knows their class: each is like its own key alone.
  expect(ask(loss, start(loss), pairs, pairs, classes(-1, -1)).loss).toBeCloseTo(Math.log(1 + 1 / Math.E), 6)
  expect(ask(loss, start(loss), pairs, pairs).loss).toBeCloseTo(Math.log(1 + 1 / Math.E), 6)
})

test('all equal costs log(batch + size), whatever the classes', () => {
  const loss = supConQueue({ size: 5, temperature: 0.2 })
  const same = tf.ones<tf.Rank.R2>([3, 3])
  const full = [0, 1].reduce(memory => ask(loss, memory, same, same, classes(0, 1, 1)).memory, start(loss))
  expect(full.keys.filled).toBe(5)
  expect(ask(loss, full, same, same, classes(1, 0, 2)).loss).toBeCloseTo(Math.log(8), 5)
})

test.each([
  [8, 4],
  [7, 3],
  [3, 8]
])('queues of %i wrap under batches of %i: classes stay with their keys', (size, batch) => {
  const loss = supConQueue({ size })
  let memory = start(loss)
  const seen = new Map<string, number>()
  const named = (row: readonly number[]): string => row.map(x => (x / Math.hypot(...row)).toFixed(4)).join()
  for (let step = 0; step < 5; step++) {
    const [keys, of] = [rows(10 + step, batch), Array.from({ length: batch }, (_, i) => (5 * step + i) % 4)]
    keys.arraySync().forEach((row, i) => seen.set(named(row), of[i]!))
    memory = ask(loss, memory, rows(50 + step, batch), keys, classes(...of)).memory
  }
  expect(memory.classes.rows.dtype).toBe('int32')
  expect(memory.classes).toMatchObject({ next: memory.keys.next, filled: size })
  const kept = memory.keys.rows.arraySync().map(named)
  expect(new Set(kept)).toEqual(new Set([...seen.keys()].slice(-size)))
  expect(read(memory.classes.rows)).toEqual(kept.map(key => seen.get(key)))
})

test('random first keys are of no class: they repel', () => {
  const loss = supConQueue({ size: 6, fill: 'random', temperature: 1 })
  const memory = start(loss)
  expect([memory.keys.filled, memory.classes.filled]).toEqual([6, 6])
  expect(read(memory.classes.rows)).toEqual(Array(6).fill(-1))
  const [query, key] = [rows(1, 1), rows(2, 1)]
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b)
  const [q, k] = [query.arraySync()[0]!, key.arraySync()[0]!]
  const all = [k, ...memory.keys.rows.arraySync()].map(row => Math.exp(dot(q, row)))
  const expected = Math.log(all.reduce((sum, value) => sum + value)) - dot(q, k)
  expect(ask(loss, memory, query, key, classes(0)).loss).toBeCloseTo(expected, 5)
})

test('a key alone costs exactly 0', () => {
  const loss = supConQueue({ size: 6 })
  expect(ask(loss, start(loss), rows(1, 1), rows(2, 1), classes(3)).loss).toBe(0)
})

test.each<[() => unknown, string]>([
  [() => supConQueue({ size: 0 }), 'supConQueue: expected a size of 1 or more keys, got 0. Try 8192.'],
  [() => supConQueue({ temperature: 0 }), 'supConQueue: expected a temperature above 0, got 0.'],
  [
    () => supConQueue().init(seeded(1), { embedding: [4, 4, 3] }),
    'supConQueue: expected embeddings that are rows, got shape [4, 4, 3]. Pool or flatten in the head.'
  ],
  [
    () => ask(supConQueue(), start(supConQueue()), rows(1, 2), rows(2, 2), { targets: undefined }),
    'supConQueue: expected a target network, got none.'
  ],
  [
    () => ask(supConQueue({ size: 5 }), start(supConQueue({ size: 6 })), rows(1, 2), rows(2, 2)),
    'supConQueue: expected a queue of 5 keys, got one of 6. Restore it with the size it was saved with.'
  ],
  [
    () => ask(supConQueue(), start(supConQueue()), rows(1, 2), rows(2, 2), { similarity: tf.eye(2) }),
    'supConQueue: expected labels, got a similarity'
  ],
  [
    () => ask(supConQueue(), start(supConQueue()), rows(1, 2), rows(2, 2), classes(0)),
    'supConQueue: expected int32 labels of shape [2]'
  ]
])('clear errors: %#', (act, message) => expect(act).toThrow(message))
