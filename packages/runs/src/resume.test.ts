import { encodeSafetensors } from '@lapstrake/checkpoints'
import { beforeAll, describe, expect, test } from 'vitest'
import { adamW } from '@lapstrake/optimizers'
import { convNet } from '@lapstrake/backbone-resnet'
import { crd, crdInBatch, crdQueue } from '@lapstrake/loss-distillation'
import { describeRun } from './saved-run.ts'
import { dispose, ofTeacher, weighted } from '@lapstrake/core'
import { endToEnd, overlapping, softlyShared } from '@lapstrake/isolation'
import { identity, projector } from '@lapstrake/layers'
import { inOrder, randomResizedCrop, drawShapes, twoViews } from '@lapstrake/data'
import { untilPlateau } from '@lapstrake/scheduler'
import { moco, ntXent } from '@lapstrake/loss-info-nce'
import { run } from './run.ts'
import { train } from './train.ts'
import type { StepMetrics } from './step-metrics.ts'
import { useBackend } from './use-backend.ts'
import type { Experiment } from './experiment.ts'
import type { TrainOptions } from './train-options.ts'
import * as tf from '@tensorflow/tfjs-core'

const dataset = drawShapes({ count: 40, size: 12 })
const experiment: Experiment = {
  name: 'tiny',
  batchSize: 8,
  epochs: 3,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [6, 8, 8], strides: [1, 2, 2], layers: 1 }),
  isolation: overlapping(),
  head: () => projector({ dims: [8, 6] }),
  loss: () => ntXent({ temperature: 0.2 }),
  optimizer: adamW({ learningRate: 0.01 })
}
const taught: Experiment = {
  ...experiment,
  name: 'taught',
  isolation: endToEnd(),
  teacher: { backbone: experiment.backbone, trainedBy: { ...experiment, epochs: 1 } },
  auxiliary: [{ name: 'crd', start: 0, end: 3, head: identity(), loss: crd({ negatives: 8 }) }]
}
const first: Experiment = { ...experiment, name: 'first', epochs: 1 }
const second: Experiment = { ...first, name: 'second', views: [...experiment.views].reverse(), loss: () => ntXent() }
/** Two of three teachers are one network, read in two places. */
const taughtBySeveral: Experiment = {
  ...taught,
  name: 'taught by several',
  teacher: {
    top: { backbone: experiment.backbone, trainedBy: first },
    low: { backbone: experiment.backbone, trainedBy: first, reads: () => 1 },
    other: { backbone: experiment.backbone, trainedBy: second, head: projector({ dims: [8, 6] }), unit: 'unit1' }
  },
  auxiliary: [
    { name: 'crd', start: 0, end: 3, head: identity(), loss: ofTeacher('top', crd({ negatives: 8 })) },
    {
      name: 'both',
      start: 0,
      end: 2,
      head: identity(),
      loss: weighted([
        [ofTeacher('low', crdInBatch()), 0.5],
        [ofTeacher('other', crdQueue({ size: 12 })), 0.5]
      ])
    }
  ]
}
const remembering: Experiment = {
  ...experiment,
  name: 'remembering',
  loss: () => moco({ size: 20 }),
  target: { momentum: () => 0.9 }
}

/** All losses of a run, and the run as it was saved behind a step. */
async function follow(
  what: Experiment,
  options: TrainOptions = {},
  saveAt = 0
): Promise<{ losses: object[]; saved: Uint8Array }> {
  const losses: object[] = []
  let saved = new Uint8Array()
  const { state } = await train(what, {
    dataset,
    seed: 3,
    ...options,
    async onStep(metrics, { save }) {
      losses.push(metrics.losses)
      if (metrics.step === saveAt) saved = new Uint8Array(await save())
    }
  })
  dispose(state)
  return { losses, saved }
}

beforeAll(() => useBackend('wasm'))

describe('a run that was saved', () => {
  // In the middle of an epoch, at its end, at the end of the run.
  test.each([
    ['units', experiment, 7],
    ['units', experiment, 10],
    ['units', experiment, 15],
    ['a teacher', taught, 7],
    ['several teachers', taughtBySeveral, 7],
    ['two copies of stages that units share', softlyShared(experiment, { strength: 1e-2 }), 7],
    ['a queue', remembering, 4]
  ])('goes on bit for bit: %s', async (_, what, step) => {
    const before = tf.memory().numTensors
    const whole = await follow(what, {}, step)
    const rest = await follow(what, { resume: whole.saved })
    expect(rest.losses).toEqual(whole.losses.slice(step))
    expect(tf.memory().numTensors).toBe(before)
  })

  test('goes on with its own seed where none is given, and must be bytes', async () => {
    const whole = await follow(experiment, {}, 7)
    const losses: StepMetrics['losses'][] = []
    for await (const event of run(experiment, { dataset, resume: whole.saved }))
      if (event.kind === 'step') losses.push(event.metrics.losses)
    expect(losses).toEqual(whole.losses.slice(7))
    await expect(run(experiment, { dataset, resume: 'saved.safetensors' as never }).next()).rejects.toThrow('resume')
  })

  test('says what it is', async () => {
    const { saved } = await follow(experiment, {}, 2)
    expect(describeRun(saved)).toMatchObject({
      name: 'tiny',
      seed: 3,
      data: 'drawn shapes',
      examples: 40,
      inputShape: [12, 12, 3],
      step: 2
    })
  })

  test('is refused where it does not belong, and nothing leaks', async () => {
    const { saved } = await follow(experiment, {}, 2)
    const before = tf.memory().numTensors
    await expect(train(experiment, { dataset, seed: 4, resume: saved })).rejects.toThrow(
      'resume: expected the experiment, seed and data that this run was begun with, got others: seed 3 then, 4 now. ' +
        'Go on with what it was begun with, or with what there is now by { force: true } (--force).'
    )
    await expect(train({ ...experiment, name: 'other' }, { dataset, seed: 3, resume: saved })).rejects.toThrow(
      'name "tiny" then, "other" now'
    )
    await expect(
      train(experiment, { dataset: drawShapes({ count: 32, size: 12 }), seed: 3, resume: saved })
    ).rejects.toThrow('got others: 40 examples of drawn shapes then, 32 of drawn shapes now')
    await expect(train({ ...experiment, isolation: endToEnd() }, { dataset, seed: 3, resume: saved })).rejects.toThrow(
      'losses of noise'
    )
    await expect(
      train({ ...experiment, isolation: endToEnd() }, { dataset, seed: 3, resume: saved, force: true })
    ).rejects.toThrow('expected the same recipe that wrote the file, but the file also holds units.unit1')
    await expect(train(experiment, { dataset, seed: 3, resume: saved.subarray(0, 5000) })).rejects.toThrow('cut short')
    for (let length = 0; length < saved.length; length += length < 20 ? 1 : 997) {
      expect(() => describeRun(saved.subarray(0, length))).toThrow(
        /^run: expected a safetensors file, got one .*cut short/
      )
    }
    const other = (format: number): Uint8Array =>
      encodeSafetensors({ tensors: {}, metadata: { format: `lapstrake-run-${format}`, run: '{}' } })
    await expect(train(experiment, { dataset, seed: 3, resume: other(3) })).rejects.toThrow(
      'run: expected a run saved in format 2, got 3, of a newer lapstrake. Update lapstrake.'
    )
    await expect(train(experiment, { dataset, seed: 3, resume: other(1) })).rejects.toThrow(
      'run: expected a run saved in format 2, got 1, of an older lapstrake. Train it again'
    )
    const weights = encodeSafetensors({ tensors: {}, metadata: { format: 'lapstrake-weights-1' } })
    await expect(train(experiment, { dataset, seed: 3, resume: weights })).rejects.toThrow(
      'Weights alone cannot be resumed'
    )
    expect(tf.memory().numTensors).toBe(before)
  })

  // Each is one field of the experiment, its loss or its optimizer; none changes the form of what was saved.
  test.each<[string, Partial<Experiment>, string]>([
    ['batch size', { batchSize: 10 }, 'batch size 8 then, 10 now'],
    ['temperature', { loss: () => ntXent({ temperature: 0.21 }) }, 'losses of noise '],
    ['rate', { optimizer: adamW({ learningRate: 0.0101 }) }, 'moves of the optimizer '],
    ['weight decay', { optimizer: adamW({ learningRate: 0.01, weightDecay: 0.02 }) }, 'moves of the optimizer '],
    [
      'schedule of the rate',
      { optimizer: adamW({ learningRate: updates => (updates < 50 ? 0.01 : 0.001) }) },
      'moves of the optimizer '
    ],
    ['augmentation', { views: twoViews(randomResizedCrop({ size: 12, scale: [0.5, 1] })) }, 'views '],
    ['head', { head: () => projector({ dims: [8, 6], norm: 'batch' }) }, 'losses of noise '],
    ['strides', { backbone: convNet({ widths: [6, 8, 8], strides: [2, 1, 2], layers: 1 }) }, 'losses of noise '],
    ['merge', { merge: units => units.map(() => 1 / units.length) }, 'gradients of noise '],
    ['order', { sampler: inOrder() }, 'order of the examples '],
    ['freezing', { schedule: untilPlateau({ patience: 5 }) }, 'plateau none then, {"patience":5,"tolerance":0.005} now']
  ])('is refused under another %s, and goes on by force with a word', async (_, change, said) => {
    const { saved } = await follow(experiment, {}, 2)
    const before = tf.memory().numTensors
    const other = { ...experiment, ...change }
    await expect(train(other, { dataset, seed: 3, resume: saved })).rejects.toThrow(said)
    expect(tf.memory().numTensors).toBe(before)
    if ('head' in change) return
    const warnings: string[] = []
    const { state } = await train(other, {
      dataset,
      seed: 3,
      resume: saved,
      force: true,
      onWarning: warning => warnings.push(warning)
    })
    expect(warnings.join()).toContain(said)
    dispose(state)
  })

  test('goes on on another backend, and with data of another name', async () => {
    const { saved } = await follow({ ...experiment, epochs: 1 }, {}, 3)
    await useBackend('cpu')
    const { state } = await train(
      { ...experiment, epochs: 1 },
      { dataset: { ...dataset, name: 'moved' }, seed: 3, resume: saved }
    )
    expect(state.step).toBe(5)
    dispose(state)
    await useBackend('wasm')
  })
})
