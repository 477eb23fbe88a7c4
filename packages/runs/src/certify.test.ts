import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { certify, type CertifyOptions } from './certify.ts'
import { contrastiveLogistic, klObjective, stochastic, type StochasticOptions } from '@lapstrake/loss-pac-bayes'
import { convNet } from '@lapstrake/backbone-resnet'
import { createTrainer, dispose, seeded } from '@lapstrake/core'
import { endToEnd } from '@lapstrake/isolation'
import { identity, linear } from '@lapstrake/layers'
import { randomResizedCrop, drawShapes, twoViews } from '@lapstrake/data'
import { sgd } from '@lapstrake/optimizers'
import { run } from './run.ts'
import { train } from './train.ts'
import { useBackend } from './use-backend.ts'
import type { Experiment } from './experiment.ts'

const training = drawShapes({ count: 64, size: 12, seed: 1 })
const testing = drawShapes({ count: 200, size: 12, seed: 2 })
const objective = klObjective({ inverseTemperature: 200 })
const experiment = (change: Partial<Experiment> = {}, options: StochasticOptions = { objective }): Experiment => ({
  name: 'tiny',
  batchSize: 16,
  epochs: 3,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: {
    name: 'tiny',
    stages: convNet({ widths: [4, 6], strides: [2, 2], layers: 1, norm: 'group' }).stages.map(stage =>
      stochastic(stage, options)
    )
  },
  isolation: endToEnd(),
  head: () => identity(),
  loss: () => contrastiveLogistic({ negatives: 3 }),
  optimizer: sgd({ learningRate: 0.01 }),
  ...change
})
const certified = async (what: Experiment, options: Partial<CertifyOptions> = {}) => {
  const trainer = createTrainer(what, { inputShape: training.shape })
  const state = trainer.init(seeded(0))
  try {
    return await certify({
      experiment: what,
      certificate: { negatives: 3 },
      network: trainer.network,
      variables: state.stages,
      training,
      draws: 8,
      ...options
    })
  } finally {
    dispose(state)
  }
}

beforeAll(() => useBackend('wasm'))

describe('certify', () => {
  test('bounds what a run learnt, above its risk on unseen data, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors
    const what = experiment()
    const { trainer, state } = await train(what, { dataset: training })
    const certificate = await certify({
      experiment: what,
      certificate: { negatives: 3 },
      network: trainer.network,
      variables: state.stages,
      training,
      testing,
      draws: 8
    })
    dispose(state)
    expect(tf.memory().numTensors).toBe(before)
    expect(certificate).toMatchObject({ sampleSize: 16, draws: 8, rigorous: true })
    expect(certificate.confidence).toBeCloseTo(0.95, 9)
    expect(certificate.bound).toBeGreaterThan(certificate.testRisk!)
    expect(certificate.risk).toBeGreaterThan(certificate.empiricalRisk)
  })

  test('gives the same for the same seed', async () => {
    expect(await certified(experiment(), { seed: 3 })).toEqual(await certified(experiment(), { seed: 3 }))
    expect((await certified(experiment(), { seed: 4 })).empiricalRisk).not.toBe(
      (await certified(experiment(), { seed: 3 })).empiricalRisk
    )
  })

  test('counts the examples named, and no others', async () => {
    const of = (examples: [number, number]): ReturnType<typeof certified> =>
      certified(experiment(), { certificate: { negatives: 3, examples } })
    expect((await of([32, 64])).sampleSize).toBe(8)
    await expect(of([32, 65])).rejects.toThrow('expected examples within 0 to 64')
  })

  test('refuses a prior that has seen the sample, and takes one that has not', async () => {
    const plain = convNet({ widths: [4], strides: [2], layers: 1, norm: 'group' }).stages[0]!
    const params = plain.init(seeded(9), training.shape).params
    const stages = [stochastic(plain, { objective, prior: { params, trainedOn: [0, 32] } })]
    const of = (examples: [number, number]): ReturnType<typeof certified> =>
      certified(experiment({ backbone: { name: 'p', stages } }), { certificate: { negatives: 3, examples } })
    await expect(of([16, 64])).rejects.toThrow(
      'certify: expected a prior that has seen nothing of the sample, but that of "conv1" was trained on examples 0 ' +
        'to 32'
    )
    expect((await of([32, 64])).sampleSize).toBe(8)
  })

  test.each<[string, Experiment, string, Partial<CertifyOptions>?]>([
    [
      'no certificate',
      experiment(),
      'certify: expected a recipe that exports what to certify, got none.',
      { certificate: undefined as never }
    ],
    [
      'a stage without a posterior',
      experiment({ backbone: convNet({ widths: [4], strides: [2], norm: 'group' }) }),
      'certify: expected stochastic stages below unit0, but "conv1" has weights'
    ],
    [
      'statistics of the data',
      experiment({
        backbone: {
          name: 'b',
          stages: convNet({ widths: [4], strides: [2] }).stages.map(stage => stochastic(stage, { objective }))
        }
      }),
      'certify: expected stages that learn nothing beside their posterior, but "conv1" keeps statistics of the data.'
    ],
    [
      'a head with weights',
      experiment({ head: () => linear({ dim: 3 }) }),
      'certify: expected a head without weights on unit0, got "linear".'
    ],
    [
      'an unknown unit',
      experiment(),
      'certify: expected one of the units unit0, got "unit7".',
      { certificate: { negatives: 3, unit: 'unit7' } }
    ]
  ])('says what is wrong: %s', async (_, what, message, options) => {
    await expect(certified(what, options)).rejects.toThrow(message)
  })
})

describe('a teacher that is trained first', () => {
  test('learns before its student, from the same data and seed', async () => {
    const teaching: Experiment = { ...experiment(), name: 'teacher', epochs: 1 }
    const seen: string[] = []
    const teacher = { backbone: teaching.backbone, head: identity(), trainedBy: teaching }
    for await (const event of run({ ...experiment({ epochs: 1 }), teacher }, { dataset: training })) {
      if (event.kind === 'teacher') seen.push(`teacher ${event.metrics.step}`)
      if (event.kind === 'step') seen.push(`student ${event.metrics.step}`)
    }
    expect(seen).toEqual([
      'teacher 1',
      'teacher 2',
      'teacher 3',
      'teacher 4',
      'student 1',
      'student 2',
      'student 3',
      'student 4'
    ])
  })
})
