import '@tensorflow/tfjs-backend-cpu'
import type * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { encoderOfArrays } from './arrays.ts'
import { spots } from './spots.ts'

test('in a page, too, an encoder is trained on arrays of floats, and encodes one image of them', async () => {
  const { images, labels } = spots(40)
  const { encode, read } = await encoderOfArrays(images, labels)
  const one = await read({ data: images.subarray(0, 256), height: 16, width: 16 })
  const features = encode(one, { pooled: true }) as tf.Tensor2D
  expect(features.shape).toEqual([1, 16])
  expect([...(await features.data())].every(Number.isFinite)).toBe(true)
  one.dispose()
  features.dispose()
})
