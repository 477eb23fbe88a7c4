import { expect, test } from 'vitest'
import { balance } from './balance.ts'
import { idealCost, idealSaving } from './ideal.ts'

// Xiong et al. 2020, supplementary table: what the stages of each network hold and multiply, in per cent.
const r50 = { memory: [43.64, 29.09, 21.82, 5.45], flops: [19.39, 25.09, 35.8, 19.73] }
const pResNet50 = {
  memory: [15.46, 10.96, 19.48, 17.31, 19.48, 17.31],
  flops: [13.5, 14.63, 14.77, 16.62, 20.45, 20.04]
}

const alone = (depth: number): { start: number; end: number }[] =>
  Array.from({ length: depth }, (_, start) => ({ start, end: start + 1 }))
const pairs = (depth: number): { start: number; end: number }[] =>
  Array.from({ length: depth - 1 }, (_, start) => ({ start, end: start + 2 }))

test.each([
  ['GIM on R50', r50.memory, alone, 2.29],
  ['LoCo on R50', r50.memory, pairs, 1.37],
  ['GIM on PResNet-50', pResNet50.memory, alone, 5.13],
  ['LoCo on PResNet-50', pResNet50.memory, pairs, 2.72]
] as const)("%s saves what the paper's percentages say", (_, shares, spans, saving) => {
  expect(Math.abs(idealSaving(shares, spans(shares.length)) - saving)).toBeLessThan(0.02)
})

test.each([
  ['R50', r50.flops, 1.2],
  ['PResNet-50', pResNet50.flops, 1.22]
] as const)('a fused backward pass of LoCo on %s costs a fifth more', (_, shares, cost) => {
  expect(idealCost(shares, pairs(shares.length))).toBeCloseTo(cost, 2)
  expect(idealCost(shares, alone(shares.length))).toBe(1)
})

test('spans that hold nothing are refused', () => {
  expect(() => idealSaving([1, 2], [{ start: 1, end: 1 }])).toThrow(
    'idealSaving: expected a span that holds something, got none.'
  )
})

test('cuts where the costliest group is cheapest', () => {
  expect(balance([1, 1, 1, 1, 4], 2)).toEqual([4])
  expect(balance([2, 2, 1, 1, 1, 1], 3)).toEqual([1, 3])
  expect(balance([1, 2, 3], 1)).toEqual([])
  expect(balance([1, 2, 3], 3)).toEqual([1, 2])
  expect(() => balance([1, 2], 3)).toThrow('balance: expected 1 to 2 groups, for there are 2 blocks, got 3.')
})

test.each([false, true])('is the best of all ways to cut (overlapping: %s)', overlapping => {
  const costs = [3, 1, 4, 1, 5, 9, 2, 6]
  const worst = (cuts: readonly number[]): number => {
    const starts = [0, ...cuts]
    const groups = starts.map((start, i) => costs.slice(start, starts[i + 1]).reduce((a, b) => a + b, 0))
    return Math.max(...(overlapping ? groups.slice(1).map((cost, i) => cost + groups[i]!) : groups))
  }
  const ways: number[][] = []
  for (let a = 1; a < 7; a++) for (let b = a + 1; b < 8; b++) for (let c = b + 1; c < 8; c++) ways.push([a, b, c])
  expect(worst(balance(costs, 4, { overlapping }))).toBe(Math.min(...ways.map(worst)))
})
