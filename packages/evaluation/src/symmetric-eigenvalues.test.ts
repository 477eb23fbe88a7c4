import { expect, test } from 'vitest'
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts'

test('golden: springs between n masses in a row swing with 2 − 2 cos(πk / (n + 1))', () => {
  const n = 40
  const springs = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0))
  )
  symmetricEigenvalues(springs).forEach((value, k) =>
    expect(value).toBeCloseTo(2 - 2 * Math.cos((Math.PI * (k + 1)) / (n + 1)), 12)
  )
})

test('golden: a full matrix, and ones that are diagonal, of rank one and zero', () => {
  // [[4, 1, 1], [1, 4, 1], [1, 1, 4]] stretches (1, 1, 1) by 6 and all that is perpendicular by 3.
  const cases = [
    {
      matrix: [
        [4, 1, 1],
        [1, 4, 1],
        [1, 1, 4]
      ],
      eigenvalues: [3, 3, 6]
    },
    {
      matrix: [
        [2, 0, 0],
        [0, -1, 0],
        [0, 0, 2]
      ],
      eigenvalues: [-1, 2, 2]
    },
    {
      matrix: [
        [1, 2, 3],
        [2, 4, 6],
        [3, 6, 9]
      ],
      eigenvalues: [0, 0, 14]
    },
    {
      matrix: [
        [0, 0],
        [0, 0]
      ],
      eigenvalues: [0, 0]
    },
    { matrix: [[7]], eigenvalues: [7] }
  ]
  for (const { matrix, eigenvalues } of cases)
    symmetricEigenvalues(matrix).forEach((value, i) => expect(value).toBeCloseTo(eigenvalues[i]!, 12))
})
