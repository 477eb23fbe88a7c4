import { checkGiven, checkOptions } from '@lapstrake/core'

export interface BalanceOptions {
  /** Whether a span is two neighbouring groups, as in LoCo, instead of one. */
  readonly overlapping?: boolean | undefined
}

/**
 * Cuts a row of blocks into groups so that the most costly span is as cheap as it can be.
 *
 * @param costs of each block, from the bottom: bytes, or multiply-adds
 * @param groups how many
 * @returns the block that each group starts with, but for the first, which starts with block 0
 * @throws RangeError if there are fewer blocks than groups, or a cost is negative or not finite
 */
export function balance(costs: readonly number[], groups: number, options: BalanceOptions = {}): readonly number[] {
  checkOptions<BalanceOptions>('balance', options, { overlapping: 'boolean' })
  const { overlapping = false } = options
  checkGiven('balance', 'a list of costs', costs, 'list')
  const unfit = costs.find(cost => !(cost >= 0 && cost < Infinity))
  if (unfit !== undefined) throw new RangeError(`balance: expected costs of 0 or more, got ${unfit}.`)
  if (!Number.isInteger(groups) || groups < 1 || groups > costs.length) {
    throw new RangeError(
      `balance: expected 1 to ${costs.length} groups, for there are ${costs.length} blocks, got ${groups}.`
    )
  }
  const sums = costs.reduce<number[]>((sums, cost) => [...sums, sums.at(-1)! + cost], [0])
  const between = (start: number, end: number): number => sums[end]! - sums[start]!
  // Of the ways to cut blocks 0 … end so that the last group starts at `start`: the cheapest, by how many groups there
  // are.
  interface Way {
    readonly worst: number
    readonly before?: { readonly start: number; readonly way: Way } | undefined
  }
  let ways = new Map<string, { start: number; end: number; way: Way }>()
  for (let end = 1; end <= costs.length; end++) ways.set(`0,${end}`, { start: 0, end, way: { worst: between(0, end) } })
  for (let group = 1; group < groups; group++) {
    const next = new Map<string, { start: number; end: number; way: Way }>()
    for (const { start, end: cut, way } of ways.values()) {
      for (let end = cut + 1; end <= costs.length; end++) {
        const worst = Math.max(way.worst, between(overlapping ? start : cut, end))
        const key = `${cut},${end}`
        if (worst < (next.get(key)?.way.worst ?? Infinity))
          next.set(key, { start: cut, end, way: { worst, before: { start, way } } })
      }
    }
    ways = next
  }
  const complete = [...ways.values()].filter(({ end }) => end === costs.length)
  let { start, way } = complete.reduce((best, one) => (one.way.worst < best.way.worst ? one : best))
  const cuts: number[] = []
  while (way.before !== undefined) {
    cuts.unshift(start)
    ;({ start, way } = way.before)
  }
  return cuts
}
