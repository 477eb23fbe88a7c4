import { registerWebGPU } from '@lapstrake/backend-webgpu'
import { describe, expect, test } from 'vitest'
import { convNet } from '@lapstrake/backbone-resnet'
import { greedy } from '@lapstrake/isolation'
import { ntXent } from '@lapstrake/loss-info-nce'
import { projector } from '@lapstrake/layers'
import { randomResizedCrop, drawShapes, twoViews } from '@lapstrake/data'
import { sgd } from '@lapstrake/optimizers'
import { run } from './run.ts'
import type { Experiment } from './experiment.ts'
import * as tf from '@tensorflow/tfjs-core'

// 16 images seen twice make maps of 16 × 2 × 12 × 12 × 8 numbers, 147 kB; the limit lets half of them through.
const description = await registerWebGPU({ acceptSoftware: true, maxBufferBytes: 100_000 }).catch(
  (error: Error) => error.message
)

const experiment: Experiment = {
  name: 'tiny',
  batchSize: 16,
  epochs: 1,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [8, 8], strides: [1, 2], layers: 1 }),
  isolation: greedy(),
  head: () => projector({ dims: [8] }),
  loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.05 })
}

describe.skipIf(!description.startsWith('GPU'))('training on WebGPU', () => {
  test('splits a batch that a buffer cannot hold and says so, warms up first, and leaks nothing', async () => {
    const before = tf.memory().numTensors
    const warnings: string[] = []
    const steps: number[] = []
    const shaders: number[] = []
    for await (const event of run(experiment, { dataset: drawShapes({ count: 32, size: 12 }) })) {
      if (event.kind === 'warning') warnings.push(event.message)
      if (event.kind === 'shaders') shaders.push(event.done / event.total)
      if (event.kind !== 'step') continue
      steps.push(event.metrics.step)
      expect(Object.values(event.metrics.losses).every(Number.isFinite)).toBe(true)
    }
    expect(warnings).toEqual(['A batch of 16 does not fit this device in one piece: learning from it in parts of 8.'])
    expect(steps).toEqual([1, 2])
    expect(shaders.at(-1)).toBe(1)
    expect(tf.memory().numTensors).toBe(before)
  })
})
