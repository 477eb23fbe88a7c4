import type { Unit } from '@lapstrake/core'
import { expect, test } from 'vitest'
import { progressOf, sequential, simultaneous, untilPlateau } from './index.ts'

const units = ['unit0', 'unit1'].map((name, start) => ({ name, start, end: start + 1 }) as Unit)
const names = (rounds: readonly (readonly Unit[])[]): string[][] => rounds.map(round => round.map(({ name }) => name))

test('a unit whose loss stays is left out from then on, and none is left in the end', () => {
  const run = progressOf(untilPlateau({ patience: 3 }))!
  expect(names(run.schedule(units, 0))).toEqual([['unit0', 'unit1']])
  const ended = Array.from({ length: 8 }, (_, step) => run.after({ unit0: 1, unit1: 2 ** -step }, step + 1))
  expect(ended.flat()).toEqual(['unit0'])
  expect(ended.findIndex(found => found.length > 0)).toBe(3)
  expect(names(run.schedule(units, 8))).toEqual([['unit1']])
  expect(run.over).toBe(false)
  for (let step = 9; step < 60; step++) run.after({ unit1: 1 }, step)
  expect(run.over).toBe(true)
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
