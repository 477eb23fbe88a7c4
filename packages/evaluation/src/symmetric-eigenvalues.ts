/**
 * Eigenvalues of a symmetric matrix, from small to large.
 *
 * @see Golub & Van Loan 2013, Matrix Computations, algorithm 8.3.1 and section 8.4.1
 */
export function symmetricEigenvalues(matrix: readonly (readonly number[])[]): number[] {
  const { diagonal, beside } = tridiagonal(matrix)
  // No eigenvalue is further from 0 than the largest sum of a row.
  const bound = Math.max(
    ...diagonal.map((value, i) => Math.abs(value) + Math.abs(beside[i - 1] ?? 0) + Math.abs(beside[i] ?? 0))
  )
  return diagonal.map((_, rank) => {
    let [low, high] = [-bound, bound]
    for (let halving = 0; halving < 60; halving++) {
      const middle = (low + high) / 2
      if (countBelow(middle, diagonal, beside) > rank) high = middle
      else low = middle
    }
    return (low + high) / 2
  })
}

interface Tridiagonal {
  readonly diagonal: readonly number[]
  /** One shorter: entry `i` is beside entries `i` and `i + 1` of the diagonal. */
  readonly beside: readonly number[]
}

/** A matrix with the same eigenvalues that is zero but on the diagonal and beside it, by Householder's reflections. */
function tridiagonal(matrix: readonly (readonly number[])[]): Tridiagonal {
  const size = matrix.length
  const a = matrix.map(row => Float64Array.from(row))
  const beside: number[] = []
  for (let k = 0; k + 1 < size; k++) {
    // The reflection along v leaves the first entry below the diagonal of column k and clears those beneath it.
    const v = Float64Array.from(a.slice(k + 1), row => row[k]!)
    const left = -(Math.sign(v[0]!) || 1) * Math.hypot(...v)
    beside.push(left)
    v[0]! -= left
    const squared = dot(v, v)
    if (squared === 0) continue
    const rest = a.slice(k + 1).map(row => row.subarray(k + 1))
    const p = Float64Array.from(rest, row => (2 * dot(row, v)) / squared)
    const share = dot(p, v) / squared
    const w = p.map((value, i) => value - share * v[i]!)
    rest.forEach((row, i) =>
      row.forEach((_, j) => {
        row[j]! -= v[i]! * w[j]! + w[i]! * v[j]!
      })
    )
  }
  return { diagonal: a.map((row, i) => row[i]!), beside }
}

/** How many eigenvalues are below a number: as many as there are negative pivots (Sturm). */
function countBelow(number: number, diagonal: readonly number[], beside: readonly number[]): number {
  let count = 0
  let pivot = 1
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i]! - number - (i > 0 ? beside[i - 1]! ** 2 / pivot : 0) || Number.MIN_VALUE
    if (pivot < 0) count++
  }
  return count
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
