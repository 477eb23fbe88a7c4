import type { StepMetrics } from 'lapstrake'
import { duration } from './duration.ts'
import { lossesSaid } from './losses-said.ts'
import { megabytes } from './megabytes.ts'
import { recentLoss } from '@lapstrake/runs/node'

const width = 20

export interface Progress {
  step(metrics: StepMetrics): void
  end(): void
}

/**
 * Shows how far a run is: one line that changes in a terminal, a plain line every so often elsewhere.
 *
 * @param taken the steps before, of a run that goes on
 */
export function progress(label: string, batchSize: number, taken: readonly StepMetrics[] = []): Progress {
  const began = performance.now()
  const history: Pick<StepMetrics, 'losses'>[] = taken.map(({ losses }) => ({ losses }))
  let smooth = 0
  let shown = -Infinity
  let here = 0
  // Plain lines come often at first, then every ten seconds.
  let pause = 0
  const terminal = process.stderr.isTTY
  return {
    step({ step, steps, epoch, losses, milliseconds, peakBytes }) {
      smooth = smooth === 0 ? milliseconds : 0.9 * smooth + 0.1 * milliseconds
      history.push({ losses })
      here++
      const now = performance.now()
      if (now - shown < pause && step !== steps) return
      shown = now
      pause = terminal ? 100 : Math.min(10_000, 2 * pause || 1000)
      const left = (((now - began) / here) * (steps - step)) / 1000
      const bar = '━'.repeat(Math.round((width * step) / steps)).padEnd(width, '·')
      const values = lossesSaid(Object.keys(losses).map(unit => [unit, recentLoss(history, unit)!]))
      const line =
        `${label}  ${bar} ${step}/${steps}  epoch ${epoch + 1}  ${duration(left)} left  ` +
        `${((1000 * batchSize) / smooth).toFixed(0)} images/s  peak of a step ${megabytes(peakBytes)}  ${values}`
      if (terminal) process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns || 120) - 1)}`)
      else process.stderr.write(`${line}\n`)
    },
    end() {
      if (terminal) process.stderr.write('\n')
    }
  }
}
