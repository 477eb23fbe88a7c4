import { expect, test } from 'vitest'
import { pace } from './pace.ts'

test('looks take a fifth of the time at most', async () => {
  let now = 0
  let looking = 0
  const { due, take } = pace({ now: () => now })
  while (now < 600_000) {
    now += 50
    if (due())
      await take(async () => {
        now += 4000
        looking += 4000
      })
  }
  expect(looking / now).toBeLessThan(0.21)
  expect(looking / now).toBeGreaterThan(0.19)
})
