/** Losses over a run of any length in a bounded number of points, each the mean of as many steps. */
export interface Curves {
  /** Steps in a point. */
  readonly every: number
  /** Steps in the last point, which is still being filled. */
  readonly filled: number
  /** The last step of each point. */
  readonly steps: readonly number[]
  readonly losses: Readonly<Record<string, readonly number[]>>
}

export const noCurves: Curves = { every: 1, filled: 1, steps: [], losses: {} }

/** Points beyond which two become one. */
const most = 1000

/**
 * The curves with one more step; points from that step on give way to it. A unit that joins late has gaps before it.
 */
export function append(before: Curves, step: number, losses: Readonly<Record<string, number>>): Curves {
  const curves = step > (before.steps.at(-1) ?? -Infinity) ? before : until(before, step)
  const { every, filled, steps } = curves
  const joins = filled < every && steps.length > 0
  const at = joins ? steps.length - 1 : steps.length
  const count = joins ? filled + 1 : 1
  const names = [...new Set([...Object.keys(curves.losses), ...Object.keys(losses)])]
  const longer: Curves = {
    every,
    filled: count,
    steps: [...steps.slice(0, at), step],
    losses: Object.fromEntries(
      names.map(name => {
        const values = curves.losses[name] ?? Array<number>(steps.length).fill(NaN)
        const loss = losses[name] ?? NaN
        return [name, [...values.slice(0, at), joins ? values[at]! + (loss - values[at]!) / count : loss]]
      })
    )
  }
  return longer.steps.length > most ? halved(longer) : longer
}

/** The points before a step. */
function until({ every, steps, losses }: Curves, step: number): Curves {
  const count = steps.filter(last => last < step).length
  return {
    every,
    filled: every,
    steps: steps.slice(0, count),
    losses: Object.fromEntries(Object.entries(losses).map(([name, values]) => [name, values.slice(0, count)]))
  }
}

function halved({ every, steps, losses }: Curves): Curves {
  const pairs = Math.ceil(steps.length / 2)
  return {
    every: 2 * every,
    filled: steps.length % 2 === 0 ? 2 * every : every,
    steps: Array.from({ length: pairs }, (_, i) => steps[Math.min(2 * i + 1, steps.length - 1)]!),
    losses: Object.fromEntries(
      Object.entries(losses).map(([name, values]) => [
        name,
        Array.from({ length: pairs }, (_, i) =>
          2 * i + 1 < values.length ? (values[2 * i]! + values[2 * i + 1]!) / 2 : values[2 * i]!
        )
      ])
    )
  }
}
