import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { observeKernels } from './index.ts'

test('kernels, tensors and reads are told once each, to everybody who watches, until they stop', async () => {
  const kernels: string[] = []
  const counts = { made: 0, freed: 0, read: 0 }
  const stop = observeKernels({
    ran: ({ kernel, inputs, outputs }) =>
      kernels.push(`${kernel} of ${Object.keys(inputs)} gives ${outputs[0]!.shape}`),
    made: () => counts.made++,
    freed: () => counts.freed++,
    read: () => counts.read++
  })
  const x = tf.ones([2, 3])
  const y = tf.square(x)
  await y.array()
  y.arraySync()
  y.dispose()
  stop()
  tf.square(x).dataSync()
  expect(kernels.at(-1)).toBe('Square of x gives 2,3')
  expect(counts.read).toBe(2)
  expect(counts.freed).toBe(1)
  expect(counts.made).toBeGreaterThanOrEqual(2)
})

test('one who watches twice is told twice, and stops once for each time; nothing stays behind', () => {
  const { dataSync } = tf.Tensor.prototype
  let reads = 0
  const observer = { read: () => reads++, ran: () => {} }
  const [first, second] = [observeKernels(observer), observeKernels(observer)]
  tf.ones([1]).dataSync()
  expect(reads).toBe(2)
  first()
  first()
  tf.ones([1]).dataSync()
  expect(reads).toBe(3)
  second()
  tf.ones([1]).dataSync()
  expect(reads).toBe(3)
  expect(tf.Tensor.prototype.dataSync).toBe(dataSync)
  expect(Object.keys(tf.engine())).not.toContain('runKernel')
})

test('a method that somebody else had replaced comes back', () => {
  const engine = tf.engine()
  const mine: typeof engine.runKernel = (...given) => Object.getPrototypeOf(engine).runKernel.apply(engine, given)
  engine.runKernel = mine
  observeKernels({ ran: () => {} })()
  expect(engine.runKernel).toBe(mine)
  delete (engine as Partial<typeof engine>).runKernel
})
