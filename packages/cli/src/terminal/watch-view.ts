import type { StepMetrics } from 'lapstrake'
import { diagnosesTable, stagesTable } from './diagnoses-tables.ts'
import { duration } from './duration.ts'
import { lossesSaid } from './losses-said.ts'
import { megabytes } from './megabytes.ts'
import { type Manifest, recentLoss, recentLosses, unitsOf } from '@lapstrake/runs/node'
import { table } from './table.ts'

export interface Watched {
  readonly manifest: Manifest
  readonly steps: readonly StepMetrics[]
  /** Whether a process is training it. */
  readonly isHeld: boolean
}

/** What there is to see of a run, for a terminal. */
export function watchView(watched: Watched): string {
  const {
    manifest: { name, seed, data, backend, stages },
    steps
  } = watched
  const looked = steps.findLast(({ diagnoses }) => diagnoses !== undefined)
  const title = `${name}, seed ${seed} · ${data} · ${backend}`
  if (steps.length === 0) return `${title}\n${watchLine(watched)}`
  const losses = table(
    ['unit', 'loss', 'lowest, smoothed', 'curve'],
    unitsOf(steps).map(unit => {
      const curve = thinned(steps.flatMap(({ losses }) => losses[unit] ?? []))
      return [unit, recentLoss(steps, unit)!.toFixed(3), Math.min(...curve).toFixed(3), sparkline(curve)]
    })
  )
  const diagnosed =
    looked === undefined
      ? []
      : [
          ...(Object.keys(looked.diagnoses!).length > 0 ? [diagnosesTable(looked, recentLosses(steps))] : []),
          ...(looked.stages ? [stagesTable(looked, stages)] : [])
        ]
  return [`${title}\n${watchLine(watched)}`, losses, ...diagnosed].join('\n\n')
}

/** The same in one line. */
export function watchLine({ manifest: { finished }, steps, isHeld }: Watched): string {
  const last = steps.at(-1)
  if (last === undefined) return isHeld ? 'No step yet.' : 'No step, and nobody trains it.'
  const { step, steps: planned, epoch, peakBytes } = last
  const recent = steps.slice(-few)
  const milliseconds =
    recent.reduce((sum, { milliseconds, waited = 0 }) => sum + milliseconds + waited, 0) / recent.length
  const width = 20
  const bar = '━'.repeat(Math.round((width * step) / planned)).padEnd(width, '·')
  const left = finished
    ? 'finished'
    : isHeld
      ? `about ${duration(((planned - step) * milliseconds) / 1000)} left`
      : 'ended early, nobody trains it'
  const values = lossesSaid(unitsOf(recent).map(unit => [unit, recentLoss(steps, unit)!]))
  const peak = Number.isFinite(peakBytes) ? `peak of a step ${megabytes(peakBytes)}  ` : ''
  return (
    `${bar} ${step}/${planned}  epoch ${epoch + 1}  ${left}  ${(1000 / milliseconds).toPrecision(3)} steps/s  ` +
    `${peak}${values}`
  )
}

/** Steps over which the speed is a mean. */
const few = 50

/** So many means of neighbours. */
function thinned(values: readonly number[], count = 40): readonly number[] {
  const most = Math.min(count, values.length)
  return Array.from({ length: most }, (_, i) => {
    const some = values.slice(Math.floor((i * values.length) / most), Math.floor(((i + 1) * values.length) / most))
    return some.reduce((sum, value) => sum + value, 0) / some.length
  })
}

/** A curve in the height of a line. */
function sparkline(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return values
    .map(value => '▁▂▃▄▅▆▇█'[high === low ? 0 : Math.min(7, Math.floor((8 * (value - low)) / (high - low)))] ?? ' ')
    .join('')
}
