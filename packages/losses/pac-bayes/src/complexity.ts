import { checkGiven, checkOptions } from '@lapstrake/core'
import { directions, type Direction } from './divergences.ts'
import { checkDelta, gridKinds, priorGrid, type PriorGrid } from './prior-grid.ts'
import { checkPosterior, klFrom, logChiSquareFrom, type WeighedPosterior } from './weighed-posterior.ts'

/** What a certificate pays for the posterior it chose, in nats. */
export interface Complexity {
  /** `KL(Q‖P)`, for priors on the grid. */
  readonly divergence: number
  /** What the choice among priors and the chance of failure cost. */
  readonly union: number
  /** The sum of both. */
  readonly total: number
}

export interface ComplexityOptions extends PriorGrid {
  /** The chance that the bound fails. */
  readonly delta?: number | undefined
}

/**
 * The complexity of posteriors over independent weights, each with a prior of its own:
 * `Σ (KL_j + 2 ln j + ln(π²/6)) + ln(1/δ)`, the deviation of each prior rounded to the better of its two neighbours on
 * the grid.
 *
 * @throws RangeError for a delta outside (0, 1), a prior whose deviation is above the grid, or a posterior that
 * diverged
 * @see Nozawa et al. 2020, section 3.2, https://arxiv.org/abs/1910.04464
 */
export function complexityOf(posteriors: readonly WeighedPosterior[], options: ComplexityOptions = {}): Complexity {
  checkOptions('complexityOf', options, { ...gridKinds, delta: 'number' })
  const { delta = 0.05, ...given } = options
  checkDelta('complexityOf', 'delta', delta)
  checkPosteriors('complexityOf', posteriors)
  const parts = posteriors.map(posterior =>
    best(
      gridPoints(posterior, given),
      ({ j, priorLogStd }) => {
        const divergence = klFrom(posterior, priorLogStd)
        const union = 2 * Math.log(j) + Math.log(Math.PI ** 2 / 6)
        return { divergence, union, total: divergence + union }
      },
      ({ total }) => total
    )
  )
  const sum = (key: keyof Complexity): number => parts.reduce((total, part) => total + part[key], 0)
  const certainty = Math.log(1 / delta)
  return { divergence: sum('divergence'), union: sum('union') + certainty, total: sum('total') + certainty }
}

/** What the f-divergence certificate pays. */
export interface ChiSquareComplexity {
  /** χ² of all weights together, for priors on the grid; infinite beyond what a double holds. */
  readonly chiSquare: number
  /** `ln(1 + χ²)`, finite unless a deviation rules χ² out. */
  readonly logChiSquare: number
  /** `π j`; for several posteriors √6 · Π (π j / √6). */
  readonly unionFactor: number
}

export interface ChiSquareComplexityOptions extends PriorGrid {
  /** χ²(Q‖P), which the theorem wants, or χ²(P‖Q), which its authors computed. */
  readonly direction?: Direction | undefined
}

/**
 * The same for χ²: each prior rounded to the neighbour for which `j √(χ² + 1)` is less.
 *
 * @throws RangeError for a prior whose deviation is above the grid, or a posterior that diverged
 * @see Nozawa et al. 2020, section 3.3, https://arxiv.org/abs/1910.04464
 */
export function chiSquareComplexityOf(
  posteriors: readonly WeighedPosterior[],
  options: ChiSquareComplexityOptions = {}
): ChiSquareComplexity {
  checkOptions('chiSquareComplexityOf', options, { ...gridKinds, direction: { among: directions } })
  const { direction = 'posterior-prior', ...given } = options
  checkPosteriors('chiSquareComplexityOf', posteriors)
  const parts = posteriors.map(posterior =>
    best(
      gridPoints(posterior, given),
      ({ j, priorLogStd }) => ({ j, log: logChiSquareFrom(posterior, direction, priorLogStd) }),
      ({ j, log }) => Math.log(j) + log / 2
    )
  )
  const logChiSquare = parts.reduce((sum, { log }) => sum + log, 0)
  return {
    chiSquare: Math.expm1(logChiSquare),
    logChiSquare,
    unionFactor: parts.reduce((product, { j }) => (product * Math.PI * j) / Math.sqrt(6), Math.sqrt(6))
  }
}

function checkPosteriors(who: string, posteriors: readonly WeighedPosterior[]): void {
  checkGiven(who, 'a list of posteriors, as weighPosterior() gives', posteriors, 'list')
  for (const posterior of posteriors) checkPosterior(who, posterior)
}

interface GridPoint {
  readonly j: number
  readonly priorLogStd: number
}

/** The points of the grid on either side of a prior. */
function gridPoints({ shift, logStd, priorLogStd }: WeighedPosterior, given: PriorGrid): readonly GridPoint[] {
  if (![priorLogStd, ...[shift, logStd].map(sumOf)].every(Number.isFinite)) {
    throw new RangeError(
      'certificate: expected a posterior of finite numbers, got one that diverged. ' +
        'Train with a smaller learning rate: of this one nothing can be certified.'
    )
  }
  const { precision, largestVariance } = priorGrid('certificate', given)
  const place = precision * (Math.log(largestVariance) - 2 * priorLogStd)
  if (!(place > 0)) {
    throw new RangeError(
      `certificate: expected priors with a variance below ${largestVariance}, got ${Math.exp(2 * priorLogStd)}. ` +
        'Give the certificate the grid that the objective had, or a larger largestVariance.'
    )
  }
  return [...new Set([Math.max(1, Math.floor(place)), Math.ceil(place)])].map(j => ({
    j,
    priorLogStd: (Math.log(largestVariance) - j / precision) / 2
  }))
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)

function best<T, U>(from: readonly T[], make: (value: T) => U, cost: (made: U) => number): U {
  return from.map(make).reduce((least, made) => (cost(made) < cost(least) ? made : least))
}
