import { expect, test } from 'vitest'
import type { RunEvent } from '../../run/protocol.ts'
import { begin, fold, idle, paceOf, stepsOf, stopped, stopping, unitsOf, type RunState } from './run-state.ts'

const step = (at: number, losses: Readonly<Record<string, number>> = { unit0: 2, unit1: 3 }): RunEvent => ({
  kind: 'step',
  metrics: { step: at, steps: 100, epoch: 0, losses, milliseconds: 5, waited: 0, peakBytes: 1e6 + at }
})
const plan: RunEvent = {
  kind: 'plan',
  name: 'loco',
  stages: 3,
  spans: [
    { start: 0, end: 2 },
    { start: 1, end: 3 }
  ],
  steps: 100,
  batchSize: 64
}
/** The events of a run, one each 100 ms. */
const after = (events: readonly RunEvent[], from: RunState = begin(0)): RunState =>
  events.reduce((state, event, i) => fold(state, event, 100 * (i + 1)), from)

test('each event before the first step is kept as it came', () => {
  const backend: RunEvent = {
    kind: 'backend',
    name: 'wasm',
    description: '2 threads',
    refused: [{ name: 'webgpu', reason: 'no adapter' }]
  }
  const progress: RunEvent = { kind: 'progress', what: 'images', done: 1, total: 2 }
  const data: RunEvent = {
    kind: 'data',
    name: 'shapes',
    size: 10,
    shape: [32, 32, 3],
    classes: ['disc'],
    skipped: [{ path: 'a.png', reason: 'cut off' }]
  }
  expect(after([backend, progress, data, plan])).toMatchObject({ phase: 'starting', backend, progress, data, plan })
})

test('a step makes it run, ends the progress before it and lengthens the curves', () => {
  const state = after([plan, { kind: 'progress', what: 'shaders', done: 1 }, step(1), step(2, { unit0: 1, unit1: 2 })])
  expect(state).toMatchObject({ phase: 'running', step: 2, losses: { unit0: 1, unit1: 2 }, peakBytes: 1e6 + 2 })
  expect(state.progress).toBeUndefined()
  expect(state.curves).toMatchObject({ steps: [1, 2], losses: { unit0: [2, 1], unit1: [3, 2] } })
})

test('views, accuracies and maps replace those before them', () => {
  const views: RunEvent = { kind: 'views', height: 1, width: 1, examples: [[new Uint8ClampedArray(4)]] }
  const accuracy = (at: number): RunEvent => ({
    kind: 'accuracy',
    step: at,
    stages: [0.2, 0.4],
    chance: 0.1,
    mostCommon: 0.1
  })
  const map: RunEvent = {
    kind: 'map',
    method: 'pca',
    step: 5,
    points: new Float32Array(2),
    labels: new Int32Array(1),
    classes: ['disc']
  }
  expect(after([views, accuracy(1), accuracy(5), map])).toMatchObject({ views, accuracy: accuracy(5), map })
})

test('a warning is told once', () => {
  const warning: RunEvent = { kind: 'warning', message: 'unit0 has collapsed' }
  expect(after([warning, warning]).warnings).toEqual(['unit0 has collapsed'])
})

test('silence lasts until the worker says anything', () => {
  const quiet = after([step(1), { kind: 'silent', seconds: 6 }])
  expect(quiet.silentFor).toBe(6)
  expect(fold(quiet, { kind: 'alive' }, 400).silentFor).toBeUndefined()
  expect(fold(quiet, step(2), 400).silentFor).toBeUndefined()
})

test('time ends with the run, and answers that come later leave it ended', () => {
  const done = after([step(1), { kind: 'done', steps: 1, interrupted: false }])
  expect(done).toMatchObject({ phase: 'done', now: 200 })
  const bytes = new Uint8Array(1)
  for (const event of [
    { kind: 'saved', step: 1, bytes },
    { kind: 'weights', step: 1, bytes },
    { kind: 'alive' },
    { kind: 'silent', seconds: 9 }
  ] as const) {
    expect(fold(done, event, 900)).toEqual(done)
  }
})

test('an error ends a run and says whose it is', () => {
  const error: RunEvent = { kind: 'error', blame: 'recipe', message: 'unexpected token', line: 3 }
  expect(after([error])).toMatchObject({ phase: 'failed', error })
})

test('Stop keeps what was drawn, and changes nothing that has ended', () => {
  const running = after([plan, step(1), { kind: 'silent', seconds: 6 }])
  expect(stopped(running, 900)).toMatchObject({ phase: 'stopped', step: 1, now: 900, curves: running.curves })
  expect(stopped(running, 900).silentFor).toBeUndefined()
  expect(stopped(running, 900).gone).toBe(true)
  expect(stopped(idle, 900)).toBe(idle)
})

test('a run that was asked to stop goes on until it says that it has, and is not gone', () => {
  const asked = stopping(after([plan, step(1)]))
  expect(asked).toMatchObject({ phase: 'running', stopping: true })
  expect(fold(asked, step(2), 5)).toMatchObject({ phase: 'running', stopping: true, step: 2 })
  const ended = fold(asked, { kind: 'done', steps: 2, interrupted: true }, 9)
  expect(ended).toMatchObject({ phase: 'stopped', stopping: false })
  expect(ended.gone).toBeUndefined()
  expect(stopping(ended)).toBe(ended)
})

test('the pace is that of the last steps', () => {
  const state = after([plan, step(1), step(2), step(3)])
  expect(paceOf(state)).toEqual({ imagesPerSecond: 640, remaining: 9.7 })
  expect(paceOf(after([plan, step(1)]))).toEqual({})
  expect(stepsOf(after([plan], begin(0, 20)))).toBe(20)
})

test('units are named by their losses, and counted before there are any', () => {
  expect(unitsOf(after([plan]))).toEqual(['unit0', 'unit1'])
  expect(unitsOf(after([plan, step(1, { unit0: 1, crd: 1 })]))).toEqual(['unit0', 'crd'])
})

test('a run whose GPU is lost goes on from where it was kept, and its curves with it', () => {
  const state = after([
    plan,
    step(1),
    step(2),
    step(3),
    { kind: 'lost', step: 3, message: 'lost', kept: { step: 1, bytes: new Uint8Array(1) } },
    plan,
    step(2, { unit0: 9, unit1: 9 })
  ])
  expect(state).toMatchObject({
    phase: 'running',
    step: 2,
    curves: { steps: [1, 2], losses: { unit0: [2, 9], unit1: [3, 9] } }
  })
  expect(state.warnings).toEqual(['The GPU was lost at step 3: the run goes on from step 1, as it was last kept.'])
})

test('curves of a long run keep their number of points, each the mean of its steps', () => {
  const { curves } = after(Array.from({ length: 5000 }, (_, i) => step(i + 1, { unit0: i + 1 })))
  expect(curves.steps.length).toBeLessThanOrEqual(1000)
  expect(curves.steps.length).toBeGreaterThan(500)
  expect(curves.steps.at(-1)).toBe(5000)
  expect(curves.losses['unit0']![0]).toBe((1 + curves.every) / 2)
})
