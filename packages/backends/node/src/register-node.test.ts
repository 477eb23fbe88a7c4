import { expect, test } from 'vitest'
import { registerNode } from './index.ts'

test('starts where a package works, and otherwise says what to type', async () => {
  const outcome = await registerNode().catch((error: Error) => error.message)
  expect(outcome).toMatch(/^TensorFlow's library through|: npm install @tensorflow\/tfjs-node@4\.22\.0$|native library.*: npm rebuild @tensorflow\/tfjs-node/)
})
