import {
  convNet,
  dispose,
  endToEnd,
  greedy,
  ntXent,
  overlapping,
  projector,
  sgd,
  drawShapes,
  simclr,
  train,
  twoViews,
  useBackend,
  type Experiment
} from 'lapstrake'
import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, expect, test } from 'vitest'
import { contestants } from './contestants.ts'
import { depth, lanes } from './lanes.ts'
import type { RaceEvent } from './protocol.ts'
import { runRace } from './run-race.ts'

const views = twoViews(simclr({ size: 8, preset: 'cifar', leastArea: 0.2 }))
const small = (name: string, isolation: Experiment['isolation']): Experiment => ({
  name,
  isolation,
  views,
  backbone: convNet({ widths: [4, 4, 4], strides: [2, 2, 1], layers: 1 }),
  head: () => projector({ dims: [4] }),
  loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.1 }),
  batchSize: 8,
  epochs: 4
})
const experiments = [small('a', endToEnd()), small('b', greedy()), small('c', overlapping())]
const data = { training: drawShapes({ count: 40, size: 8 }), held: drawShapes({ count: 10, size: 8, seed: 1 }) }
const steps = 4

const events: RaceEvent[] = []
beforeAll(async () => {
  await useBackend('cpu')
  await runRace(experiments, data, { seed: 3, steps, lookEvery: 2 }, event => events.push(event))
})

const of = <K extends RaceEvent['kind']>(kind: K): Extract<RaceEvent, { kind: K }>[] =>
  events.filter(event => event.kind === kind) as never

test('experiments go step by step in turn', () => {
  expect(
    of('step')
      .map(({ lane }) => lane)
      .join('')
  ).toBe('012'.repeat(steps))
})

test('each has the losses that it has alone', async () => {
  for (const [lane, experiment] of experiments.entries()) {
    const alone: number[][] = []
    const end = new AbortController()
    const { state } = await train(experiment, {
      dataset: data.training,
      seed: 3,
      signal: end.signal,
      onStep: ({ step, losses }) => {
        alone.push(Object.values(losses))
        if (step === steps) end.abort()
      }
    })
    dispose(state)
    expect(
      of('step')
        .filter(event => event.lane === lane)
        .map(({ losses }) => losses)
    ).toEqual(alone)
  }
})

test('accuracies are those of its classes, memory and time are measured', () => {
  expect(
    of('accuracy')
      .map(({ lane, step }) => `${lane}${step}`)
      .join(' ')
  ).toBe('02 12 22 04 14 24')
  for (const { accuracy, chance } of of('accuracy')) {
    expect(accuracy).toBeGreaterThanOrEqual(0)
    expect(accuracy).toBeLessThanOrEqual(1)
    expect(chance).toBe(1 / 8)
  }
  for (const { peakBytes, milliseconds } of of('step')) {
    expect(peakBytes).toBeGreaterThan(8 * 2 * 8 * 8 * 3 * 4)
    expect(milliseconds).toBeGreaterThan(0)
  }
  expect(events.at(-1)).toEqual({ kind: 'done' })
})

test('nothing is left behind', async () => {
  const before = tf.memory().numTensors
  await runRace(experiments, data, { seed: 0, steps: 2, lookEvery: 2 }, () => {})
  expect(tf.memory().numTensors).toBe(before)
})

test('the lanes of the page show what runs', () => {
  for (const [i, recipe] of contestants.entries()) {
    expect(recipe.backbone.stages.length).toBe(depth)
    expect(lanes[i]!.isolation(depth)).toEqual(recipe.isolation(depth))
  }
})
