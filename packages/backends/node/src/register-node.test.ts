import { expect, test } from 'vitest'
import { registerNode } from './index.ts'

const installed = await import('@tensorflow/tfjs-node' as string).then(() => true, () => false)

test.skipIf(installed)('says what to type when neither package is installed', async () => {
  await expect(registerNode()).rejects.toThrow('@tensorflow/tfjs-node is not installed: npm install @tensorflow/tfjs-node@4.22.0')
})
