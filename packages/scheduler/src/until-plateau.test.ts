import type { Unit } from '@lapstrake/core'
import { expect, test } from 'vitest'
import { layerwise, progressOf, sequential, simultaneous, untilPlateau } from './index.ts'

const units = ['unit0', 'unit1'].map((name, start) => ({ name, start, end: start + 1 }) as Unit)
const names = (rounds: readonly (readonly Unit[])[]): string[][] => rounds.map(round => round.map(({ name }) => name))

test('a unit whose loss stays is left out from then on, and none is left in the end', () => {
  const run = progressOf(untilPlateau({ patience: 3 }))!
  expect(names(run.schedule(units, 0))).toEqual([['unit0', 'unit1']])
  const ended = Array.from({ length: 8 }, (_, step) => run.after({ unit0: 1, unit1: 2 ** -step }, step + 1))
  expect(ended.flat()).toEqual(['unit0'])
  expect(ended.findIndex(found => found.length > 0)).toBe(3)
  expect(names(run.schedule(units, 8))).toEqual([['unit1']])
  expect(run.over(units)).toBe(false)
  for (let step = 9; step < 60; step++) run.after({ unit1: 1 }, step)
  expect(run.over(units)).toBe(true)
})

test('the units that learn follow the schedule beneath, and by itself it is that', () => {
  const schedule = untilPlateau({ patience: 2 }, sequential())
  expect(names(schedule(units, 0))).toEqual([['unit0'], ['unit1']])
  expect(names(schedule.begin({ unit0: { smooth: 1, lowest: 1, since: 1, frozen: true } }).schedule(units, 5))).toEqual(
    [['unit1']]
  )
})

test('each run has progress of its own, and one that goes on has what was saved', () => {
  const schedule = untilPlateau({ patience: 2 })
  const [first, second] = [schedule.begin(), schedule.begin()]
  first.schedule(units, 0)
  first.after({ unit0: 1, unit1: 1 }, 1)
  expect(Object.keys(first.progress)).toEqual(['unit0', 'unit1'])
  expect(second.progress).toEqual({})
  expect(schedule.begin(first.progress).progress).toEqual(first.progress)
})

test('a turn of others is no lack of progress', () => {
  const run = untilPlateau({ patience: 20 }).begin()
  run.schedule(units, 0)
  // Thirty steps each in turn; both still fall.
  const ended = Array.from({ length: 300 }, (_, step) => {
    const own = Math.floor(step / 60) * 30 + (step % 30)
    return run.after({ [Math.floor(step / 30) % 2 === 0 ? 'unit0' : 'unit1']: 10 * 0.98 ** own }, step + 1)
  })
  expect(ended.flat()).toEqual([])
})

test('where it is the turn of one that has learned enough, the next begins, and keeps its own turn', () => {
  const run = untilPlateau({ patience: 2 }, layerwise({ steps: 20 })).begin({
    unit0: { smooth: 1, lowest: 1, since: 1, steps: 11, frozen: true }
  })
  const turns = [0, 12, 19, 20, 39].map(step => names(run.schedule(units, step)))
  expect(turns).toEqual(turns.map(() => [['unit1']]))
})

test('a run that goes on behind its end is over before it is asked for a round', () => {
  const frozen = { smooth: 1, lowest: 1, since: 1, frozen: true } as const
  const run = untilPlateau({ patience: 2 }).begin({ unit0: frozen, unit1: frozen })
  expect(run.over(units)).toBe(true)
  expect(run.over([...units, { ...units[0]!, name: 'probe', end: 0 }])).toBe(true)
  expect(untilPlateau({ patience: 2 }).begin({ unit0: frozen }).over(units)).toBe(false)
})

test('other schedules do not depend on progress', () => {
  expect(progressOf(simultaneous())).toBeUndefined()
  expect(progressOf(undefined)).toBeUndefined()
})

test.each([
  [{ patience: 0 }, 'untilPlateau: expected a patience of 1 step or more, got 0. Try 500.'],
  [{ patience: 5, tolerance: -1 }, 'untilPlateau: expected a tolerance of 0 or more, got -1. Try 0.005.']
])('refuses %j', (options, message) => {
  expect(() => untilPlateau(options)).toThrow(message)
})

test('does not stand on another of its kind', () => {
  expect(() => untilPlateau({ patience: 5 }, untilPlateau({ patience: 6 }))).toThrow(
    'untilPlateau: expected a schedule beneath that does not depend on progress itself'
  )
})
