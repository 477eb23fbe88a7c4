import { encodeSafetensors } from '@lapstrake/checkpoints'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  adamW, convNet, crd, describeRun, dispose, endToEnd, identity, moco, ntXent, overlapping, projector, randomResizedCrop, shapes, train, twoViews, useBackend,
  type Experiment, type TrainOptions
} from './index.ts'

const dataset = shapes({ count: 40, length: 12 })
const experiment: Experiment = {
  name: 'tiny', batchSize: 8, epochs: 3, views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [6, 8, 8], strides: [1, 2, 2], layers: 1 }), isolation: overlapping(),
  head: () => projector({ dims: [8, 6] }), loss: () => ntXent({ temperature: 0.2 }), optimizer: adamW({ learningRate: 0.01 })
}
const taught: Experiment = {
  ...experiment, name: 'taught', isolation: endToEnd(), teacher: { backbone: experiment.backbone, trainedBy: { ...experiment, epochs: 1 } },
  auxiliary: [{ name: 'crd', start: 0, end: 3, head: identity(), loss: crd({ negatives: 8 }) }]
}
const remembering: Experiment = { ...experiment, name: 'remembering', loss: () => moco({ size: 20 }), target: { momentum: () => 0.9 } }

/** All losses of a run, and the run as it was saved behind a step. */
async function follow(what: Experiment, options: TrainOptions = {}, saveAt = 0): Promise<{ losses: object[]; saved: Uint8Array }> {
  const losses: object[] = []
  let saved = new Uint8Array()
  const { state } = await train(what, dataset, {
    seed: 3, ...options,
    async onStep(metrics, _, save) {
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
  test.each([['units', experiment, 7], ['units', experiment, 10], ['units', experiment, 15], ['a teacher', taught, 7], ['a queue', remembering, 4]])(
    'goes on bit for bit: %s', async (_, what, step) => {
      const before = tf.memory().numTensors
      const whole = await follow(what, {}, step)
      const rest = await follow(what, { resume: whole.saved })
      expect(rest.losses).toEqual(whole.losses.slice(step))
      expect(tf.memory().numTensors).toBe(before)
    })

  test('says what it is', async () => {
    const { saved } = await follow(experiment, {}, 2)
    expect(describeRun(saved)).toEqual({ name: 'tiny', seed: 3, data: 'drawn shapes', examples: 40, step: 2 })
  })

  test('is refused where it does not belong, and nothing leaks', async () => {
    const { saved } = await follow(experiment, {}, 2)
    const before = tf.memory().numTensors
    await expect(train(experiment, dataset, { seed: 4, resume: saved })).rejects.toThrow('resume: expected a run with the seed 4, got one with 3. Go on with what it was begun with.')
    await expect(train({ ...experiment, name: 'other' }, dataset, { seed: 3, resume: saved })).rejects.toThrow('expected a run with the name "other", got one with "tiny"')
    await expect(train(experiment, shapes({ count: 32, length: 12 }), { seed: 3, resume: saved })).rejects.toThrow('expected a run with the examples 32, got one with 40')
    await expect(train({ ...experiment, isolation: endToEnd() }, dataset, { seed: 3, resume: saved })).rejects.toThrow('expected the same recipe that wrote the file, but the file also holds units.unit1')
    await expect(train(experiment, dataset, { seed: 3, resume: saved.subarray(0, 5000) })).rejects.toThrow('cut short')
    for (let length = 0; length < saved.length; length += length < 20 ? 1 : 997) {
      expect(() => describeRun(saved.subarray(0, length))).toThrow(/^decodeSafetensors: expected a safetensors file, got one .*cut short/)
    }
    const newer = encodeSafetensors({ tensors: {}, metadata: { format: 'lapstrake-run-2', run: '{}' } })
    await expect(train(experiment, dataset, { seed: 3, resume: newer })).rejects.toThrow('run: expected format 1 or older, got 2: a newer lapstrake saved this run. Update lapstrake.')
    const weights = encodeSafetensors({ tensors: {}, metadata: { format: 'lapstrake-weights-1' } })
    await expect(train(experiment, dataset, { seed: 3, resume: weights })).rejects.toThrow('Weights alone cannot be gone on with')
    expect(tf.memory().numTensors).toBe(before)
  })
})
