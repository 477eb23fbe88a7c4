import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type * as tf from '@tensorflow/tfjs-core'
import { useBackend } from 'lapstrake'
import { expect, test } from 'vitest'
import { encoderOfArrays } from './arrays.ts'
import { spots } from './spots.ts'

const page = join(import.meta.dirname, '../your-own-data.md')

test.each(['arrays.ts'])('the page shows %s as it is', async name => {
  expect(await readFile(page, 'utf8')).toContain((await readFile(join(import.meta.dirname, name), 'utf8')).trim())
})

test('an encoder is trained on arrays of floats, and encodes one image of them', async () => {
  await useBackend('wasm')
  const { images, labels } = spots(60)
  const { encode, read } = await encoderOfArrays(images, labels)
  const one = await read({ data: images.subarray(0, 256), height: 16, width: 16 })
  const features = encode(one, { pooled: true }) as tf.Tensor2D
  expect(features.shape).toEqual([1, 16])
  expect([...(await features.data())].every(Number.isFinite)).toBe(true)
  one.dispose()
  features.dispose()
})
