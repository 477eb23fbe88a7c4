import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import golden from '../golden/torchvision.json' with { type: 'json' }
import { changedEach, operations, type OperationName } from './operations.ts'

/** Images of 12 × 9 pixels as tensors from 0 to 1. */
const imagesOf = (pixels: readonly (readonly number[])[]): tf.Tensor4D =>
  tf.div(tf.tensor4d(pixels.flat(), [pixels.length, 12, 9, pixels[0]!.length / 108]), 255)

/** In levels, which torchvision cuts off at whole ones. */
const differences = (found: tf.Tensor, expected: readonly (readonly number[])[]): number[] => {
  const values = expected.flat()
  return [...found.dataSync()].map((value, i) => Math.abs(Math.floor(255 * value + 1e-3) - values[i]!))
}

describe.each([
  ['coloured', golden.images, golden.cases],
  ['grey', golden.grey, golden.greyCases]
] as const)('%s images', (_, pixels, cases) => {
  test.each(cases.map(one => [one.name, one.strength, one] as const))(
    '%s of %f gives the pixels of torchvision',
    (name, strength, one) => {
      const { apply } = operations[name as OperationName]
      const found = apply(imagesOf(pixels), Float32Array.of(strength, strength))
      expect(Math.max(...differences(found, one.pixels))).toBeLessThanOrEqual(1)
    }
  )
})

test('each image is changed by what was chosen for it, whatever the others are', () => {
  const images = tf.tile(imagesOf(golden.images), [3, 1, 1, 1]) as tf.Tensor4D
  const chosen = (['rotate', 'equalize', 'identity', 'rotate', 'posterize', 'identity'] as const).map((name, i) => ({
    name,
    part: i / 10
  }))
  const together = changedEach(images, chosen).arraySync()
  chosen.forEach((one, i) => {
    expect(changedEach(tf.slice(images, i, 1), [one]).arraySync()[0]).toEqual(together[i])
  })
})

test.each<[OperationName, number, number]>([
  ['shearX', -1, -0.3],
  ['translateX', 1, 150],
  ['translateY', 1, 75],
  ['rotate', 0.5, 15],
  ['brightness', -1, 0.1],
  ['posterize', -1, 4],
  ['solarize', 0.25, 0.75]
])('%s at %f of its range has a strength of %f', (name, part, strength) => {
  expect(operations[name].strength(part, 165.5, 331)).toBeCloseTo(strength, 6)
})
