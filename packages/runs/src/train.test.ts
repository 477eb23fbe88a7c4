import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { convNet } from '@lapstrake/backbone-resnet'
import { dispose, own, type Loss } from '@lapstrake/core'
import { linearReadout } from './linear-readout.ts'
import { ntXent } from '@lapstrake/loss-info-nce'
import { overlapping } from '@lapstrake/isolation'
import { projector } from '@lapstrake/layers'
import { randomResizedCrop, drawShapes, twoViews } from '@lapstrake/data'
import { sgd } from '@lapstrake/optimizers'
import { train } from './train.ts'
import { TrainingStopped } from './training-stopped.ts'
import { useBackend } from './use-backend.ts'
import type { Experiment } from './experiment.ts'
import type { StepMetrics } from './step-metrics.ts'
import type { TrainOptions } from './train-options.ts'

const dataset = drawShapes({ count: 40, size: 12 })
const experiment: Experiment = {
  name: 'tiny',
  batchSize: 8,
  epochs: 4,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [6, 8, 8], strides: [1, 2, 2], layers: 1 }),
  isolation: overlapping(),
  head: () => projector({ dims: [8, 6] }),
  loss: () => ntXent({ temperature: 0.2 }),
  optimizer: sgd({ learningRate: 0.05, momentum: 0.9 })
}

/** Why the node backend cannot be had, if so. */
const nodeRefused = await useBackend('node').then(
  () => undefined,
  (error: Error) => error.message
)
const onNode = test.skipIf(nodeRefused !== undefined)
const orWhyNot = nodeRefused === undefined ? '' : ` (${nodeRefused})`

async function lossesOf(
  backend: 'cpu' | 'wasm' | 'node',
  options: TrainOptions = {},
  what = experiment
): Promise<StepMetrics['losses'][]> {
  await useBackend(backend)
  const losses: StepMetrics['losses'][] = []
  const { state } = await train(what, {
    dataset,
    ...options,
    onStep: metrics => {
      losses.push(metrics.losses)
    }
  })
  dispose(state)
  return losses
}

describe('twenty steps', () => {
  let first: StepMetrics['losses'][]
  beforeAll(async () => {
    first = await lossesOf('cpu')
  })

  test('with one seed give the same losses, to the bit; with another, others', async () => {
    expect(first).toHaveLength(20)
    expect(await lossesOf('cpu')).toEqual(first)
    expect(await lossesOf('cpu', { seed: 1 })).not.toEqual(first)
  })

  test('give the same on wasm: the same bits each time, and losses within 1e-4 of the JavaScript backend', async () => {
    const wasm = await lossesOf('wasm')
    expect(await lossesOf('wasm')).toEqual(wasm)
    wasm.forEach((losses, i) =>
      Object.entries(losses).forEach(([unit, loss]) => expect(Math.abs(loss / first[i]![unit]! - 1)).toBeLessThan(1e-4))
    )
  })

  onNode(`give the same on TensorFlow's library, to 1e-4 of a loss${orWhyNot}`, async () => {
    for (const losses of [await lossesOf('node'), await lossesOf('node')]) {
      losses.forEach((losses, i) =>
        Object.entries(losses).forEach(([unit, loss]) =>
          expect(Math.abs(loss / first[i]![unit]! - 1)).toBeLessThan(1e-4)
        )
      )
    }
  })

  test('teach: the last losses are below the first', () => {
    const mean = (some: StepMetrics['losses'][]): number =>
      some.flatMap(losses => Object.values(losses)).reduce((sum, loss) => sum + loss, 0) / some.length / 2
    expect(mean(first.slice(-5))).toBeLessThan(mean(first.slice(0, 5)) - 0.05)
  })
})

describe('training', () => {
  beforeAll(() => useBackend('wasm'))

  test('leaves no tensors behind but the state it gives', async () => {
    const before = tf.memory().numTensors
    const { state } = await train({ ...experiment, epochs: 1 }, { dataset })
    dispose(state)
    expect(tf.memory().numTensors).toBe(before)
  })

  onNode(`leaves none in any step on TensorFlow's library${orWhyNot}`, async () => {
    await useBackend('node')
    const before = tf.memory()
    const found = new Set<number>()
    const { state } = await train(
      { ...experiment, epochs: 2 },
      {
        dataset,
        onStep: () => {
          found.add(tf.memory().numTensors)
        }
      }
    )
    dispose(state)
    const after = tf.memory()
    expect([after.numTensors, after.numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers])
    expect([...found]).toHaveLength(1)
    await useBackend('wasm')
  })

  test('stops at a loss that is not finite, names unit and step, and keeps the last good state', async () => {
    const before = tf.memory().numTensors
    let steps = 0
    const exploding: Loss = embeddings =>
      tf.mul(ntXent()(embeddings, { views: embeddings }), ++steps === 5 ? NaN : 1) as tf.Scalar
    const error = await train(
      { ...experiment, loss: ({ start }) => (start === 1 ? exploding : ntXent()) },
      { dataset }
    ).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TrainingStopped)
    const { message, state } = error as TrainingStopped
    expect(message).toContain('train: expected finite losses, got NaN for unit1 in step 4.')
    expect(state.step).toBe(2)
    const values = await Promise.all(
      state.stages
        .flatMap(({ params }) => Object.values(params as Record<string, tf.Tensor>))
        .filter(leaf => leaf instanceof tf.Tensor)
        .map(leaf => leaf.data())
    )
    expect(values.every(numbers => [...numbers].every(Number.isFinite))).toBe(true)
    dispose(state)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('ends after the step under way when told to', async () => {
    const stop = new AbortController()
    const { state, interrupted } = await train(experiment, {
      dataset,
      signal: stop.signal,
      onStep: ({ step }) => {
        if (step === 3) stop.abort()
      }
    })
    expect([state.step, interrupted]).toEqual([3, true])
    dispose(state)
  })

  test('frees everything when a step throws', async () => {
    const before = tf.memory().numTensors
    const failing: Loss = () => {
      throw new Error('no')
    }
    await expect(train({ ...experiment, loss: () => failing }, { dataset })).rejects.toThrow('unit "unit0": no')
    expect(tf.memory().numTensors).toBe(before)
  })

  test('a readout learns beside the network, and needs labels', async () => {
    const losses = await lossesOf('wasm', {}, { ...experiment, auxiliary: [linearReadout({ at: 2, classes: 8 })] })
    expect(Object.keys(losses[0]!)).toEqual(['unit0', 'unit1', 'readout2'])
    const unlabelled = {
      ...dataset,
      read: async (places: ArrayLike<number>) =>
        (await dataset.read(places)).map(example => ({ ...example, label: -1 }))
    }
    await expect(
      train({ ...experiment, auxiliary: [linearReadout({ at: 2, classes: 8 })] }, { dataset: unlabelled })
    ).rejects.toThrow('unit "readout2": crossEntropy: expected labels in the batch, got none.')
  })

  test('without end until the signal comes', async () => {
    const stop = new AbortController()
    const { state, interrupted } = await train(
      { ...experiment, epochs: Infinity },
      {
        dataset,
        signal: stop.signal,
        onStep({ step }) {
          if (step === 3) stop.abort()
        }
      }
    )
    expect([state.step, interrupted]).toEqual([3, true])
    dispose(state)
  })

  test.each([NaN, -1, 0.5, -Infinity])('%s epochs are refused', async epochs => {
    await expect(train({ ...experiment, epochs }, { dataset })).rejects.toThrow(
      `run: expected epochs of tiny to be a whole number, or Infinity to train until the signal, got ${epochs}.`
    )
  })

  test('says which stages nobody teaches', async () => {
    const said: string[] = []
    const { state } = await train(
      { ...experiment, epochs: 1, isolation: () => [{ start: 0, end: 2 }] },
      { dataset, onWarning: warning => said.push(warning) }
    )
    dispose(state)
    expect(said).toEqual([
      'No unit teaches stage 2 ("conv3"): it keeps its first weights. Add a span that holds it if that is not meant.'
    ])
  })
})

describe('useBackend', () => {
  test('prints what it chose and why not something faster', async () => {
    const { name, refused, sentence } = await useBackend('auto')
    expect(sentence).toContain(`Backend: ${name} – `)
    for (const { name, reason } of refused) expect(sentence).toContain(`${name} (${reason})`)
  })

  test('knows its names', async () => {
    await expect(useBackend('cuda' as 'cpu')).rejects.toThrow(
      'useBackend: expected \'auto\' or one of node, webgpu, wasm, cpu, got "cuda".'
    )
  })

  test('takes WebGPU in software only when told to (needs a driver: VK_ICD_FILENAMES)', async context => {
    if (process.env.VK_ICD_FILENAMES === undefined) context.skip()
    // Where there is no device at all, nobody looks for one.
    await expect(useBackend('webgpu')).rejects.toThrow(/: (the only GPU adapter is software|no GPU adapter answers)/)
    const { description } = await useBackend('webgpu', { acceptSoftware: true })
    expect(description).toContain('SwiftShader')
    expect(tf.getBackend()).toBe('webgpu')
    own(() => tf.ones([1])).dispose()
  })
})
