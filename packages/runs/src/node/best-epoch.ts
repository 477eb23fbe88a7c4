import type { StepMetrics } from '../step-metrics.ts'

/** Says at the end of an epoch whether its losses were the lowest so far, on average and together. */
export function bestEpoch(steps: number): (metrics: StepMetrics) => boolean {
  let [total, taken, best] = [0, 0, Infinity]
  return ({ step, losses }) => {
    total += Object.values(losses).reduce((sum, loss) => sum + loss, 0)
    taken++
    if (step % steps !== 0) return false
    const mean = total / taken
    ;[total, taken] = [0, 0]
    const better = mean < best
    best = Math.min(best, mean)
    return better
  }
}
