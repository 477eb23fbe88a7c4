import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { certify, type CertifyOptions } from './certify.ts'
import { contrastiveLogistic, klObjective, stochastic, type StochasticOptions } from '@lapstrake/loss-pac-bayes'
import { convNet } from '@lapstrake/backbone-resnet'
import { createTrainer, dispose, networkOf, seeded, stateless, type Stage } from '@lapstrake/core'
import { endToEnd } from '@lapstrake/isolation'
import { identity, linear } from '@lapstrake/layers'
import { randomResizedCrop, drawShapes, twoViews, type Dataset } from '@lapstrake/data'
import { sgd } from '@lapstrake/optimizers'
import { run } from './run.ts'
import { train } from './train.ts'
import { useBackend } from './use-backend.ts'
import type { SupervisedOptions } from './certificate-options.ts'
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

describe('among several runs', () => {
  test('every bound pays for the choice, and the confidence is that of all at once', async () => {
    const [alone, chosen] = [await certified(experiment()), await certified(experiment(), { choices: 10 })]
    expect(chosen.complexity.union - alone.complexity.union).toBeCloseTo(Math.log(10), 9)
    expect(chosen.risk).toBeGreaterThan(alone.risk) // of as many draws, surer
    expect([chosen.confidence, chosen.empiricalRisk]).toEqual([alone.confidence, alone.empiricalRisk])
  })

  test.each([0, 1.5])('%d runs are none to choose among', async choices => {
    await expect(certified(experiment(), { choices })).rejects.toThrow(
      `certify: expected 1 choice or more, got ${choices}. Try 1.`
    )
  })
})

describe('tuples that depend on each other', () => {
  /** On a grid whose first point is the prior. */
  const dependent = { negatives: 3, dependence: 3, precision: 1 / (Math.log(0.1) + 8) }

  test('make every example an anchor, and are certified by χ²', async () => {
    const { sampleSize, chiSquare, risk, bound, complexity } = await certified(experiment(), { certificate: dependent })
    expect(sampleSize).toBe(64)
    expect(complexity.divergence).toBeCloseTo(0, 3)
    // Of two stages, each at the first point of the grid: √6 · (π / √6)².
    expect(chiSquare!.unionFactor).toBeCloseTo(Math.PI ** 2 / Math.sqrt(6), 9)
    expect(bound).toBeCloseTo(
      risk + chiSquare!.unionFactor * Math.sqrt((13 * (chiSquare!.chiSquare + 1)) / (24 * 64 * 0.04)),
      9
    )
  })

  test('are as many as share an example, at the least', async () => {
    await expect(certified(experiment(), { certificate: { ...dependent, dependence: 2 } })).rejects.toThrow(
      'certificate: expected a dependence of 3 or more, for that many neighbours share an example when every example ' +
        'is an anchor, got 2. Try 3.'
    )
  })
})

describe('of a mean classifier', () => {
  const classes = 4
  /** Pairs of one class, each drawn for itself: what the theorem is about. */
  const pairsOf = (count: number, seed: number): Dataset => {
    const noise = seeded(seed).normals(count * 2 * classes)
    const label = (i: number): number => i % classes
    const row = (i: number, second: number): number[] =>
      Array.from({ length: classes }, (_, j) => Number(j === label(i)) + 0.1 * noise[(2 * i + second) * classes + j]!)
    return {
      name: 'pairs',
      size: count,
      classes: Array.from({ length: classes }, (_, i) => String(i)),
      labels: Int32Array.from({ length: count }, (_, i) => label(i)),
      read: places =>
        Promise.resolve(
          Array.from(places, place => ({ first: row(place, 0), second: row(place, 1), label: label(place) }))
        ),
      collate: examples => ({
        input: tf.tensor2d((examples as { first: number[] }[]).map(({ first }) => first)),
        labels: tf.tensor1d(
          (examples as { label: number }[]).map(({ label }) => label),
          'int32'
        )
      })
    }
  }
  /** A weight for each number, 1 at first. */
  const scale: Stage = stateless('scale', {
    init: (_, shape) => ({ params: { weights: tf.ones(shape as number[]) }, outputShape: shape }),
    apply: ({ weights }, input) => tf.mul(input, weights as tf.Tensor)
  })
  const positive = {
    onExample: (example: unknown) => ({ ...(example as object), first: (example as { second: number[] }).second })
  }
  const pairs = experiment({
    name: 'pairs',
    views: [{ onExample: (example: unknown) => example }, positive],
    backbone: { name: 'scale', stages: [stochastic(scale, { objective })] },
    loss: () => contrastiveLogistic()
  })
  const of = async (longest: number, count: number): ReturnType<typeof certify> => {
    const network = networkOf(pairs.backbone, [classes])
    const variables = network.init(seeded(0))
    try {
      return await certify({
        experiment: pairs,
        certificate: { negatives: 1, supervised: { sameClass: 1 / classes, longest } },
        network,
        variables,
        training: pairsOf(count, 1),
        testing: pairsOf(300, 2),
        draws: 250
      })
    } finally {
      dispose(variables)
    }
  }

  test('the bound follows from the contrastive hinge loss, and is above the error', async () => {
    const { supervised, testRisk } = await of(1, 2000)
    const { bound, hinge, testHinge, vacuous } = supervised!
    // One negative in four is of the anchor's class, and half of those are nearer: the loss of these is 1 on average.
    expect(Math.abs(testRisk! - 0.125)).toBeLessThan(0.06)
    expect(Math.abs(testHinge! - 0.25)).toBeLessThan(0.12)
    expect(hinge).toBeGreaterThan(testHinge!)
    expect(bound).toBeCloseTo((hinge - 0.25) / 0.75, 12)
    expect(vacuous).toBe(false)
    expect(bound).toBeGreaterThan(0) // the error: classes lie ten deviations apart
  })

  test('rows of any length are held to the longest', async () => {
    const { supervised } = await of(0.1, 40)
    // Margins of at most 0.02 leave a hinge loss near 1.
    expect(supervised!.testHinge).toBeGreaterThan(0.97)
    expect(supervised!.testHinge).toBeLessThan(1.02)
  })

  test.each<[object, string]>([
    [{ sameClass: 1 }, 'certificate.supervised: expected sameClass from 0 to below 1, got 1. Try 0.1'],
    [{ sameClass: 0.1, longest: 0 }, 'certificate.supervised: expected embeddings to be at most as long as a number'],
    [{}, 'certificate.supervised: expected sameClass from 0 to below 1, got undefined.']
  ])('refuses %j', async (supervised, message) => {
    const certificate = { negatives: 1, supervised: supervised as SupervisedOptions }
    await expect(certified(experiment(), { certificate })).rejects.toThrow(message)
  })

  test('is one between two classes', async () => {
    const certificate = { negatives: 3, supervised: { sameClass: 0.1 } }
    await expect(certified(experiment(), { certificate })).rejects.toThrow(
      'certificate.supervised: expected 1 negative, for what is bounded is a classifier between two classes, got 3.'
    )
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
