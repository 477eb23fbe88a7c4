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
