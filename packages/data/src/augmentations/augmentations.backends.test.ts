import { seeded } from '@lapstrake/core'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import {
  autoAugment,
  colorJitter,
  corrupt,
  corruptionKinds,
  gaussianBlur,
  randAugment,
  randomResizedCrop,
  simclr,
  type Augment
} from '../index.ts'

async function augmented(backend: string, augment: Augment, channels: number): Promise<number[]> {
  await tf.setBackend(backend)
  const before = tf.memory().numTensors
  const images = seeded(1).uniform([7, 13, 11, channels]) as tf.Tensor4D
  const result = augment(images, seeded(2))
  const found = [...result.dataSync()]
  tf.dispose([images, result])
  expect(tf.memory().numTensors).toBe(before)
  return found
}

await describeOnBackends(['wasm', 'node'], backend => {
  test.each<[string, Augment, number]>([
    ['randomResizedCrop', randomResizedCrop({ size: 9 }), 3],
    [
      'colorJitter',
      colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, probability: 0.7, grayscale: 0.3 }),
      3
    ],
    ['colorJitter of grey images', colorJitter({ brightness: 0.4, contrast: 0.4 }), 1],
    ['gaussianBlur', gaussianBlur({ size: 5 }), 3],
    ['randAugment', randAugment({ operations: 3 }), 3],
    ['autoAugment for imagenet', autoAugment({ policy: 'imagenet' }), 3],
    ['autoAugment of grey images', autoAugment({ policy: 'svhn' }), 1],
    ...corruptionKinds.map((kind): [string, Augment, number] => [kind, corrupt({ kind, severity: 4 }), 3]),
    ['simclr for imagenet', simclr({ size: 12, preset: 'imagenet' }), 3],
    ['simclr of grey images', simclr({ size: 12, preset: 'gray' }), 1]
  ])('%s gives the pixels of the JavaScript backend, and leaves nothing behind', async (_, augment, channels) => {
    const expected = await augmented('cpu', augment, channels)
    const found = await augmented(backend, augment, channels)
    expect(found).toHaveLength(expected.length)
    found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5))
  })
})
