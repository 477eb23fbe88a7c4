import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import { convNet } from '@lapstrake/backbone-resnet'
import { describeRun } from './saved-run.ts'
import { dispose, type Loss } from '@lapstrake/core'
import { greedy } from '@lapstrake/isolation'
import { ntXent } from '@lapstrake/loss-info-nce'
import { projector } from '@lapstrake/layers'
import { randomResizedCrop, drawShapes, twoViews } from '@lapstrake/data'
import { untilPlateau } from '@lapstrake/scheduler'
import { sgd } from '@lapstrake/optimizers'
import { train } from './train.ts'
import { useBackend } from './use-backend.ts'
import type { Experiment } from './experiment.ts'
import type { StepMetrics } from './step-metrics.ts'

beforeAll(() => useBackend('wasm', { threads: 1 }))

const dataset = drawShapes({ count: 32, size: 12 })
/** A loss that stays where it is. */
const flat: Loss = (views, batch) => tf.add(tf.mul(ntXent()(views, batch) as tf.Scalar, 1e-6), 1) as tf.Scalar
const falling = (): Loss => {
  let step = 0
  return (views, batch) => tf.add(ntXent()(views, batch) as tf.Scalar, 100 / ++step) as tf.Scalar
}
const experiment: Experiment = {
  name: 'freezing',
  batchSize: 8,
  epochs: 10,
  views: twoViews(randomResizedCrop({ size: 12 })),
  schedule: untilPlateau({ patience: 5 }),
  backbone: convNet({ widths: [4, 4], strides: [2, 2], layers: 1 }),
  isolation: greedy(),
  head: () => projector({ dims: [4] }),
  loss: ({ start }) => (start === 0 ? flat : ntXent()),
  optimizer: sgd({ learningRate: 0.01 })
}

test('a unit that learns nothing more is frozen, said, and the others go on', async () => {
  const warnings: string[] = []
  const learned: string[][] = []
  const before = tf.memory().numTensors
  const { state, interrupted } = await train(
    { ...experiment, loss: ({ start }) => (start === 0 ? flat : falling()) },
    {
      dataset,
      diagnoseEvery: 3,
      onWarning: warning => warnings.push(warning),
      onStep: ({ losses }) => {
        learned.push(Object.keys(losses))
      }
    }
  )
  dispose(state)
  expect(warnings).toContain('unit0 has learned what it can: from step 6 on it is frozen.')
  expect(learned.slice(0, 6).every(units => units.join() === 'unit0,unit1')).toBe(true)
  expect(learned.slice(6).every(units => units.join() === 'unit1')).toBe(true)
  expect(learned).toHaveLength(40)
  expect(interrupted).toBe(false)
  expect(tf.memory().numTensors).toBe(before)
})

test('training ends when every unit is frozen', async () => {
  const steps: number[] = []
  const { state, interrupted } = await train(
    { ...experiment, loss: () => flat },
    {
      dataset,
      onStep: ({ step }) => {
        steps.push(step)
      }
    }
  )
  dispose(state)
  expect(steps.at(-1)).toBe(6)
  expect(interrupted).toBe(false)
})

test('a run that goes on has its frozen units frozen, and freezes the others when it would have', async () => {
  const shrinking: Loss = ([view]) => tf.add(tf.mean(tf.square(view!)), 0.2) as tf.Scalar
  const longer: Experiment = {
    ...experiment,
    epochs: 60,
    schedule: untilPlateau({ patience: 5, tolerance: 2e-3 }),
    optimizer: sgd({ learningRate: 0.1 }),
    loss: ({ start }) => (start === 0 ? flat : shrinking)
  }
  const losses = async (resume?: Uint8Array): Promise<{ all: StepMetrics['losses'][]; saved: Uint8Array }> => {
    const all: StepMetrics['losses'][] = []
    let saved: Uint8Array | undefined
    const { state } = await train(longer, {
      dataset,
      ...(resume && { resume }),
      diagnoseEvery: 0,
      async onStep(metrics, { save }) {
        all.push(metrics.losses)
        if (metrics.step === 7) saved = await save()
      }
    })
    dispose(state)
    return { all, saved: saved! }
  }
  const whole = await losses()
  expect(describeRun(whole.saved).progress!.unit0!.frozen).toBe(true)
  expect(whole.all.length).toBeGreaterThan(10)
  expect(whole.all.length).toBeLessThan(240)
  expect((await losses(whole.saved)).all).toEqual(whole.all.slice(7))
})
