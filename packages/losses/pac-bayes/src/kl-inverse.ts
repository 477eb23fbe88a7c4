import { checkOptions } from '@lapstrake/core'
import { checkPositive } from '@lapstrake/embeddings'

/**
 * The divergence of two coins, `kl(q‖p)`, in nats; infinite where `p` rules out what `q` allows.
 *
 * @throws RangeError for a chance outside [0, 1]
 */
export function binaryKL(q: number, p: number): number {
  for (const chance of [q, p]) {
    if (!(typeof chance === 'number' && chance >= 0 && chance <= 1))
      throw new RangeError(`binaryKL: expected two chances from 0 to 1, got ${String(q)} and ${String(p)}.`)
  }
  return kl(q, p)
}

function kl(q: number, p: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b))
  return term(q, p) + term(1 - q, 1 - p)
}

/**
 * The largest risk that an observed one allows: `sup { p : kl(q‖p) ≤ budget }`, by bisection to the last bit.
 *
 * @param risk what was observed, 0 to 1
 * @param budget nats, 0 or more
 * @throws RangeError for a risk outside [0, 1] or a budget below 0
 * @see Seeger 2002, theorem 1; Langford 2005, section 3.3, https://jmlr.org/papers/v6/langford05a.html
 */
export function klInverse(risk: number, budget: number): number {
  checkRisk('klInverse', risk)
  if (!(budget >= 0)) throw new RangeError(`klInverse: expected a budget of 0 or more nats, got ${budget}.`)
  let [low, high] = [risk, 1]
  for (;;) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return high
    if (kl(risk, middle) > budget) high = middle
    else low = middle
  }
}

export interface CatoniOptions {
  /** The risk on the sample, 0 to 1. */
  readonly risk: number
  /** Divergence and union bounds, with the chance of failure in them: nats. */
  readonly complexity: number
  /** Tuples in the sample. */
  readonly sampleSize: number
}

/**
 * Catoni's bound for one λ, given as λ · m.
 *
 * @throws RangeError for a risk outside [0, 1], or anything else that is not above 0
 * @see Catoni 2007, theorem 1.2.6, https://arxiv.org/abs/0712.0248
 */
export function catoniBound(options: CatoniOptions, inverseTemperature: number): number {
  checkCatoni('catoniBound', options)
  checkPositive('catoniBound', 'inverseTemperature', inverseTemperature, 'Try the number of tuples.')
  return boundAt(options, inverseTemperature)
}

function boundAt({ risk, complexity, sampleSize: m }: CatoniOptions, inverseTemperature: number): number {
  const rate = inverseTemperature / m
  return Math.expm1(-(rate * risk + (complexity + Math.log(2 * Math.sqrt(m))) / m)) / Math.expm1(-rate)
}

/** Where {@link catoniGrid} looks. */
export interface CatoniGridOptions {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/**
 * The least of {@link catoniBound} over whole λ · m from 10 to 10⁷, as the reference searches it: a cross-check of
 * `klInverse`, which is its infimum over all real ones.
 */
export function catoniGrid(
  options: CatoniOptions,
  grid: CatoniGridOptions = {}
): { readonly bound: number; readonly inverseTemperature: number } {
  checkOptions('catoniGrid', grid, { from: 'number', to: 'number' })
  const { from = 10, to = 1e7 } = grid
  if (!(from > 0 && to > from))
    throw new RangeError(`catoniGrid: expected a range above 0, got ${from} to ${to}. Try 10 and 1e7.`)
  if (to > 1e9) throw new RangeError(`catoniGrid: expected a range up to 1e9, got ${from} to ${to}. Try 10 and 1e7.`)
  checkCatoni('catoniGrid', options)
  let best = { bound: Infinity, inverseTemperature: from }
  for (let inverseTemperature = from; inverseTemperature < to; inverseTemperature++) {
    const bound = boundAt(options, inverseTemperature)
    if (bound < best.bound) best = { bound, inverseTemperature }
  }
  return best
}

function checkCatoni(who: string, options: CatoniOptions): void {
  checkOptions(who, options, { risk: 'number', complexity: 'number', sampleSize: 'number' })
  checkRisk(who, options.risk)
  checkPositive(who, 'complexity', options.complexity, 'Take the total of complexityOf().')
  checkPositive(who, 'sampleSize', options.sampleSize, 'Give it the number of tuples.')
}

/** @throws RangeError for a risk outside [0, 1] */
export function checkRisk(who: string, risk: number): void {
  if (!(risk >= 0 && risk <= 1))
    throw new RangeError(`${who}: expected a risk from 0 to 1, got ${risk}. Bound a zero-one loss.`)
}
