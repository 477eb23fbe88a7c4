import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { useBackend } from '@lapstrake/runs'

test('wasm computes a small training step right in a browser', async () => {
  const choice = await useBackend('wasm')
  expect([choice.name, tf.getBackend()]).toEqual(['wasm', 'wasm'])
})

test('WebGPU computes a small training step right in a browser, in software', async () => {
  const choice = await useBackend('webgpu', { acceptSoftware: true })
  expect([choice.name, tf.getBackend()]).toEqual(['webgpu', 'webgpu'])
})

test('a browser takes the best backend that works and says why not a better one', async () => {
  const { name, refused, sentence } = await useBackend('auto')
  expect(name).toBe('wasm')
  expect(refused[0]?.name).toBe('webgpu')
  expect(sentence).toContain('Not used: webgpu (')
})
