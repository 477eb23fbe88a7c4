import { seeded } from '@lapstrake/core'
import { expect, test } from 'vitest'
import { inWorkers, type ImageExample } from '../index.ts'
import brighter from './brighter.ts'

test('a worker of a page gives what the page itself would, and its errors come back', async () => {
  const change = inWorkers<ImageExample>(new URL('./brighter.ts', import.meta.url), { threads: 2 })
  const image = Uint8Array.of(0, 1, 250, 9).subarray(1)
  const made = await Promise.all([1, 2, 4].map(label => change({ image, label }, seeded(label))))
  expect(made).toEqual(await Promise.all([1, 2, 4].map(label => brighter({ image, label }, seeded(label)))))
  expect([...image]).toEqual([1, 250, 9])
  await expect(change({ image, label: 3 }, seeded(1))).rejects.toThrow('three is too many')
})
