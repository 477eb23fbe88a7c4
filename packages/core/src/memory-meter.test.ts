import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { meterMemory } from './index.ts'

test('data counts once, however many tensors share it, from its making to its last holder', () => {
  const before = tf.ones([100])
  const meter = meterMemory()
  const a = tf.zeros([10])
  const b = tf.reshape(a, [2, 5])
  tf.clone(before)
  expect(meter.live()).toBe(40)
  a.dispose()
  expect(meter.live()).toBe(40)
  tf.tidy(() => tf.sum(tf.concat([tf.zeros([5]), tf.ones([5])])))
  b.dispose()
  expect(meter.live()).toBe(4)
  // Two halves, the whole and its sum were alive together with the data above.
  expect(meter.peak()).toBe(40 + 20 + 20 + 40 + 4)
  meter.stop()
  tf.zeros([1000])
  expect(meter.peak()).toBe(124)
})

test('what was held before counts as long as the tensors that held it', () => {
  const state = tf.ones([100])
  const other = tf.clone(state)
  const meter = meterMemory([state, tf.reshape(other, [10, 10])])
  expect([meter.live(), meter.peak()]).toEqual([400, 400])
  const next = tf.add(state, 1)
  expect(meter.peak()).toBe(804)
  state.dispose()
  expect(meter.live()).toBe(800)
  next.dispose()
  expect([meter.live(), meter.peak()]).toEqual([400, 804])
  meter.stop()
})
