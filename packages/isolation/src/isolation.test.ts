import { describeIsolation } from '@lapstrake/testing'
import { describe, expect, test } from 'vitest'
import { drawSpans, endToEnd, greedy, nWise, overlapping, spans, spansSvg } from './index.ts'

describeIsolation('endToEnd', endToEnd())
describeIsolation('greedy', greedy())
describeIsolation('overlapping', overlapping(), { depths: [2, 3, 4, 9] })
describeIsolation('overlapping with a lead', overlapping({ size: 3, stride: 2, lead: true }), { depths: [3, 4, 5, 8] })
describeIsolation('nWise', nWise({ size: 3 }))
describeIsolation(
  'spans',
  spans([
    [0, 2],
    [1, 3]
  ]),
  { depths: [3] }
)

const pairs = (list: readonly { start: number; end: number }[]): number[][] =>
  list.map(({ start, end }) => [start, end])

describe('spans of a network of four stages', () => {
  test.each([
    ['endToEnd', endToEnd(), [[0, 4]]],
    [
      'greedy',
      greedy(),
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4]
      ]
    ],
    [
      'overlapping',
      overlapping(),
      [
        [0, 2],
        [1, 3],
        [2, 4]
      ]
    ],
    [
      'overlapping with a lead',
      overlapping({ lead: true }),
      [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 4]
      ]
    ],
    [
      'overlapping windows of three',
      overlapping({ size: 3 }),
      [
        [0, 3],
        [1, 4]
      ]
    ],
    [
      'nWise',
      nWise({ size: 3 }),
      [
        [0, 3],
        [3, 4]
      ]
    ],
    [
      'spans',
      spans([
        [0, 4],
        [2, 3]
      ]),
      [
        [0, 4],
        [2, 3]
      ]
    ]
  ])('%s', (_, isolation, expected) => expect(pairs(isolation(4))).toEqual(expected))

  test('the uppermost window reaches the top when the stride does not divide', () => {
    expect(pairs(overlapping({ size: 3, stride: 2 })(6))).toEqual([
      [0, 3],
      [2, 5],
      [3, 6]
    ])
  })
})

test('a drawing shows which stages each span holds', () => {
  expect(drawSpans(overlapping()(4), 4)).toBe('━━━ ━━━  ·   ·\n ·  ━━━ ━━━  ·\n ·   ·  ━━━ ━━━')
})

test('a picture shows the same, and says it in words', () => {
  const svg = spansSvg(overlapping()(3), ['low', 'middle', 'a < b'])
  expect(svg.match(/<circle/g)).toHaveLength(2)
  expect(svg).toContain('aria-label="unit 0: low, middle; unit 1: middle, a &#60; b"')
  expect(svg).not.toContain('a < b')
})

describe('clear errors', () => {
  test.each([
    [
      () => overlapping({ size: 5 })(4),
      'overlapping: cannot cut 4 stages into windows of 5. Use a size of at most 4, or add stages.'
    ],
    [
      () => overlapping({ size: 1 }),
      'overlapping: expected a size of 2 or more, got 1. For units of one stage use greedy().'
    ],
    [
      () => overlapping({ stride: 2 }),
      'overlapping: expected a stride from 1 to 1, so that windows of 2 overlap, got 2.'
    ],
    [() => nWise({ size: 0.5 }), 'nWise: expected a size of 1 or more, got 0.5.'],
    [() => spans([[0, 5]])(4), 'spans: expected spans within the 4 stages of the backbone, got [0, 5].'],
    [() => spans([[2, 2]]), 'spans: expected whole numbers with 0 ≤ start < end, got [2, 2].'],
    [
      () =>
        spans([
          [0, 1],
          [0, 1]
        ]),
      'spans: expected each span once, got [0, 1] twice.'
    ],
    [() => spans([]), 'spans: expected at least one span, got none.']
  ])('%s', (act, message) => expect(act).toThrow(message))
})
