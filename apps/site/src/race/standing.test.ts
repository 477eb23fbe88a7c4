import { expect, test } from 'vitest'
import { after, meanLosses, ready, stepTime, verdict, type LaneStanding } from './standing.ts'

const step = (
  lane: number,
  step: number,
  losses: readonly number[],
  milliseconds: number,
  peakBytes: number
): Parameters<typeof after>[1] => ({ kind: 'step', lane, step, losses, milliseconds, peakBytes })

test('events move one lane and the race along', () => {
  const racing = [step(1, 1, [4, 2], 90, 8), step(1, 2, [3, 1], 30, 6)].reduce(after, ready)
  expect(racing.phase).toBe('racing')
  expect(racing.lanes[0]).toEqual(ready.lanes[0])
  expect(racing.lanes[1]).toMatchObject({ step: 2, peakBytes: 6 })
  expect(meanLosses(racing.lanes[1]!)).toEqual([3, 2])
  expect(after(racing, { kind: 'done' }).phase).toBe('done')
  expect(after(racing, { kind: 'error', message: 'no' })).toMatchObject({ phase: 'failed', failure: 'no' })
})

test('the time of a step is the median of the warm ones', () => {
  const lane = (milliseconds: number[]): LaneStanding => ({ ...ready.lanes[0]!, milliseconds })
  expect(stepTime(lane([]))).toBe(0)
  expect(stepTime(lane([900]))).toBe(900)
  expect(stepTime(lane([900, 500, 400, 30, 10, 20]))).toBe(20)
})

test('the verdict is in numbers', () => {
  const lane = (milliseconds: number, peakBytes: number, accuracy?: number): LaneStanding => ({
    ...ready.lanes[0]!,
    milliseconds: [milliseconds],
    peakBytes,
    ...(accuracy !== undefined && { accuracy })
  })
  expect(verdict('overlapping', lane(55, 53), lane(50, 100))).toBe(
    'overlapping needs 53 % of end-to-end’s memory and 1.10 × its time for a step'
  )
  expect(verdict('greedy', lane(50, 53, 0.5), lane(50, 100, 0.6))).toContain(
    'tells 50 % of unseen images right where end-to-end tells 60 %'
  )
})
