import { expect, test } from 'vitest'
import { after, meanLosses, ready, stepTime, timeTo, verdict, type LaneStanding } from './standing.ts'

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

const learned = (...accuracies: number[]): LaneStanding => ({
  ...ready.lanes[0]!,
  milliseconds: [10, 20, 30, 40],
  looks: accuracies.map((accuracy, i) => ({ step: 2 * (i + 1), accuracy }))
})

test('looks add up, and the time to an accuracy is that of the steps until a look finds it', () => {
  const looked = [
    { kind: 'accuracy', lane: 1, step: 2, accuracy: 0.3, chance: 0.1 },
    { kind: 'accuracy', lane: 1, step: 4, accuracy: 0.6, chance: 0.1 }
  ] as const
  expect(looked.reduce(after, ready).lanes[1]!.looks).toEqual(learned(0.3, 0.6).looks)
  expect(timeTo(0.3, learned(0.3, 0.6))).toBe(30)
  expect(timeTo(0.5, learned(0.3, 0.6))).toBe(100)
  expect(timeTo(0.7, learned(0.3, 0.6))).toBeUndefined()
})

test('the verdict says what was measured, whichever way it went', () => {
  const names = ['greedy', 'windows of two', 'windows of three', 'end-to-end']
  const of = (...accuracies: number[]): string =>
    verdict(
      names,
      accuracies.map(accuracy => learned(accuracy))
    )
  expect(of(0.6, 0.7, 0.75, 0.8)).toBe(
    'greedy reaches 60 % accuracy on unseen images, end-to-end 80 %. ' +
      'Windows of two 70 %, 50 % of the gap closed; windows of three 75 %, 75 % of the gap closed.'
  )
  expect(of(0.6, 0.55, 0.85, 0.8)).toBe(
    'greedy reaches 60 % accuracy on unseen images, end-to-end 80 %. ' +
      'Windows of two 55 %, no better than greedy; windows of three 85 %, 125 % of the gap closed.'
  )
  expect(of(0.8, 0.7, 0.75, 0.6)).toBe(
    'greedy reaches 80 % accuracy on unseen images, end-to-end 60 %: no gap to close this time. ' +
      'Windows of two 70 %; windows of three 75 %.'
  )
})
