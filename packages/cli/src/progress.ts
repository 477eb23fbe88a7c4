import type { StepMetrics } from 'lapstrake'
import { duration } from './duration.ts'

const width = 20

/** Shows how far a run is: one line that changes in a terminal, a plain line every so often elsewhere. */
export function progress(label: string, batchSize: number): { step(metrics: StepMetrics): void; end(): void } {
  const began = performance.now()
  let smooth = 0
  let lastPlain = -Infinity
  const terminal = process.stderr.isTTY
  return {
    step({ step, steps, epoch, losses, milliseconds, bytes }) {
      smooth = smooth === 0 ? milliseconds : 0.9 * smooth + 0.1 * milliseconds
      const left = (performance.now() - began) / step * (steps - step) / 1000
      const bar = '━'.repeat(Math.round(width * step / steps)).padEnd(width, '·')
      const values = Object.values(losses).map(loss => loss.toFixed(2)).join(' ')
      const line = `${label}  ${bar} ${step}/${steps}  epoch ${epoch + 1}  loss ${values}  ${(1000 * batchSize / smooth).toFixed(0)} images/s  ` +
        `${(bytes / 1e6).toFixed(0)} MB  ${duration(left)} left`
      if (terminal) process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns || 120) - 1)}`)
      else if (performance.now() - lastPlain > 10_000 || step === steps) {
        lastPlain = performance.now()
        process.stderr.write(`${line}\n`)
      }
    },
    end() { if (terminal) process.stderr.write('\n') }
  }
}
