import { expect, test } from 'vitest'
import { registerNode } from './index.ts'

test('starts where a package works, and otherwise says what to type', async () => {
  const outcome = await registerNode().catch((error: Error) => error.message)
  expect(outcome).toMatch(
    /^TensorFlow's library through|: npm install @tensorflow\/tfjs-node@4\.22\.0$|native library.*: npm rebuild @/
  )
})

test.each<[unknown, string]>([
  [4, 'registerNode: expected options, as in { threads: … }, got 4.'],
  [{ thread: 4 }, 'registerNode: expected options among threads, got thread. Did you mean threads?'],
  [{ threads: '4' }, "registerNode: expected threads to be a number, got '4'."]
])('options %j are refused before the library loads', async (options, message) => {
  await expect(registerNode(options as never)).rejects.toThrow(message)
})

test.each([0, 1.5, NaN, Infinity, 257, 1e6])('%s threads are refused before the library loads', async threads => {
  const asked = registerNode({ threads })
  await expect(asked).rejects.toThrow(RangeError)
  await expect(asked).rejects.toThrow(
    `registerNode: expected threads to be a whole number from 1 to 256, got ${threads}.`
  )
  expect(process.env['TF_NUM_INTRAOP_THREADS']).toBeUndefined()
})
