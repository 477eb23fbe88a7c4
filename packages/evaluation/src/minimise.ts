/** A function and its gradient at a point. */
export type Objective = (at: Float64Array) => Promise<{ readonly value: number; readonly gradient: Float64Array }>

export interface Minimum {
  readonly at: Float64Array
  readonly value: number
  readonly iterations: number
  readonly converged: boolean
}

/** When to stop. */
export interface MinimiseOptions {
  readonly tolerance?: number | undefined
  readonly iterations?: number | undefined
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const plus = (a: Float64Array, b: Float64Array, scale: number): Float64Array =>
  a.map((value, i) => value + scale * b[i]!)

/**
 * L-BFGS with ten pairs and Armijo backtracking (Nocedal & Wright 2006, algorithms 7.4 and 3.1), until the gradient is
 * shorter than `tolerance`.
 */
export async function minimise(
  objective: Objective,
  start: Float64Array,
  { tolerance = 1e-4, iterations = 300 }: MinimiseOptions = {}
): Promise<Minimum> {
  let at: Float64Array = start
  let { value, gradient }: { value: number; gradient: Float64Array } = await objective(at)
  const pairs: { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[] = []
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (Math.sqrt(dot(gradient, gradient)) < tolerance) return { at, value, iterations: iteration, converged: true }
    const direction = twoLoops(gradient, pairs)
    const slope = dot(gradient, direction)
    let step = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1
    let next = await objective(plus(at, direction, step))
    while (next.value > value + 1e-4 * step * slope && step > 1e-6) {
      step /= 2
      next = await objective(plus(at, direction, step))
    }
    // Rounding of float32 ends the descent before the tolerance does.
    if (!(next.value < value))
      return { at, value, iterations: iteration, converged: Math.sqrt(dot(gradient, gradient)) < 10 * tolerance }
    const s = direction.map(d => d * step)
    const y = plus(next.gradient, gradient, -1)
    const curvature = dot(s, y)
    if (curvature > 1e-12) pairs.push({ s, y, rho: 1 / curvature })
    if (pairs.length > 10) pairs.shift()
    at = plus(at, s, 1)
    ;({ value, gradient } = next)
  }
  return { at, value, iterations, converged: false }
}

function twoLoops(
  gradient: Float64Array,
  pairs: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[]
): Float64Array {
  let q: Float64Array = gradient.map(value => -value)
  const alphas = [...pairs]
    .reverse()
    .map(({ s, y, rho }) => {
      const alpha = rho * dot(s, q)
      q = plus(q, y, -alpha)
      return alpha
    })
    .reverse()
  const last = pairs.at(-1)
  const scale = last === undefined ? 1 : 1 / (last.rho * dot(last.y, last.y))
  q = q.map(value => value * scale)
  pairs.forEach(({ s, y, rho }, i) => {
    q = plus(q, s, alphas[i]! - rho * dot(y, q))
  })
  return q
}
