import { expect, test } from 'vitest'
import type { Left } from './testing/pulled.ts'

test("in a page's worker, too, a run may be left at any event", async () => {
  const worker = new Worker(new URL('./testing/pulled-worker.ts', import.meta.url), { type: 'module' })
  const { outcomes = [], message } = await new Promise<{ outcomes?: readonly Left[]; message?: string }>(
    (resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data as { outcomes: readonly Left[] })
      worker.onerror = event => reject(new Error(event.message))
    }
  )
  worker.terminate()
  expect(message).toBeUndefined()
  expect(outcomes).toHaveLength(39)
  expect(outcomes.filter(({ tensors, keptLives, endsAlike }) => tensors !== 0 || !keptLives || !endsAlike)).toEqual([])
})
