import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { convNet } from '@lapstrake/backbone-resnet'
import { dispose, networkOf, seeded } from '@lapstrake/core'
import { drawShapes, randomResizedCrop, twoViews } from '@lapstrake/data'
import { endToEnd } from '@lapstrake/isolation'
import { identity } from '@lapstrake/layers'
import { contrastiveLogistic, stochastic } from '@lapstrake/loss-pac-bayes'
import { sgd } from '@lapstrake/optimizers'
import { useBackend } from './use-backend.ts'
import { validationLoss, type ValidationLoss, type ValidationLossOptions } from './validation-loss.ts'
import type { Experiment } from './experiment.ts'

const validation = drawShapes({ count: 70, size: 12, seed: 3 })
const plain = convNet({ widths: [4, 6], strides: [2, 2], layers: 1, norm: 'group' })
const experimentOf = (priorLogStd: number): Experiment => ({
  name: 'tiny',
  batchSize: 16,
  epochs: 1,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: { name: 'tiny', stages: plain.stages.map(stage => stochastic(stage, { priorLogStd })) },
  isolation: endToEnd(),
  head: () => identity(),
  loss: () => contrastiveLogistic(),
  optimizer: sgd({ learningRate: 0.01 })
})
const lossOf = async (priorLogStd: number, options: Partial<ValidationLossOptions> = {}): Promise<ValidationLoss> => {
  const experiment = experimentOf(priorLogStd)
  const network = networkOf(experiment.backbone, validation.shape)
  const variables = network.init(seeded(0))
  try {
    return await validationLoss({
      experiment,
      certificate: { negatives: 1 },
      network,
      variables,
      validation,
      draws: 2,
      ...options
    })
  } finally {
    dispose(variables)
  }
}

beforeAll(() => useBackend('wasm'))

describe('validationLoss', () => {
  test('of weights that hardly vary, drawn or at their mean, is one; of others it is not', async () => {
    const before = tf.memory().numTensors
    const [still, moved] = [await lossOf(-30), await lossOf(-1)]
    expect(still.stochastic).toBeCloseTo(still.deterministic, 6)
    expect(moved.deterministic).toBeCloseTo(still.deterministic, 6)
    expect(Math.abs(moved.stochastic - moved.deterministic)).toBeGreaterThan(1e-3)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('is the same for the same seed, and counts the negatives', async () => {
    expect(await lossOf(-4)).toEqual(await lossOf(-4))
    expect(await lossOf(-4, { seed: 1 })).not.toEqual(await lossOf(-4))
    // A bit for each doubling of the choices, near enough, while nothing is learned.
    expect((await lossOf(-4)).deterministic).toBeCloseTo(1, 1)
    expect((await lossOf(-4, { certificate: { negatives: 3 } })).deterministic).toBeCloseTo(2, 1)
  })

  test('wants a certificate and a draw', async () => {
    await expect(lossOf(-4, { certificate: undefined as never })).rejects.toThrow(
      'validationLoss: expected a recipe that exports what to certify, got none.'
    )
    await expect(lossOf(-4, { draws: 0 })).rejects.toThrow('validationLoss: expected 1 draw or more, got 0. Try 10.')
  })
})
