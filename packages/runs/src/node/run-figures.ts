import type { RecordedRun } from './recorded-run.ts'
import { median } from '@lapstrake/evaluation/significance'
import { recentLoss } from './recent-loss.ts'

/** One number that tells of a run, and how it is written. */
export interface Figure {
  readonly name: string
  readonly of: (run: RecordedRun) => number | undefined
  readonly unit: '' | '%' | 'ms' | 'MB' | 's'
  readonly digits: number
}

/** The numbers by which runs are compared; first what was learned, by a yardstick that is the same for all. */
export const figures: readonly Figure[] = [
  { name: 'linear readout', unit: '%', digits: 1, of: run => run.evaluation?.rows.at(-1)?.linear },
  { name: 'readout by neighbours', unit: '%', digits: 1, of: run => run.evaluation?.rows.at(-1)?.neighbours },
  {
    name: 'loss, mean of units',
    unit: '',
    digits: 3,
    of: run => meanOf(learning(run).flatMap(unit => lossOf(run, unit) ?? []))
  },
  { name: 'loss, top unit', unit: '', digits: 3, of: run => lossOf(run, learning(run).at(-1)) },
  { name: 'top-1', unit: '%', digits: 1, of: run => lastDiagnosis(run)?.topOne },
  { name: 'effective rank', unit: '', digits: 1, of: run => lastDiagnosis(run)?.effectiveRank },
  { name: 'neighbours', unit: '%', digits: 1, of: run => lastStage(run)?.neighbours },
  { name: 'probe', unit: '%', digits: 1, of: run => lastStage(run)?.probe },
  {
    name: 'time per step',
    unit: 'ms',
    digits: 1,
    of: run => median(run.steps.slice(3).map(({ milliseconds }) => milliseconds))
  },
  {
    name: 'peak of a step',
    unit: 'MB',
    digits: 1,
    of: run => median(run.steps.map(({ peakBytes }) => peakBytes))
  },
  {
    name: 'time in all',
    unit: 's',
    digits: 0,
    of: run =>
      run.steps.length === 0 ? undefined : run.steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1000
  }
]

/** What the columns hold, in a sentence. */
export const figuresSaid: string =
  'Losses are means over the last tenth of the steps; top-1 and effective rank are those of the top unit, ' +
  'neighbours and probe those of the last stage, ' +
  'at the last look; the peak of a step is the most that tensors take at once, weights and batch included; ' +
  'deviations are over seeds.'

/** A number and its deviation, with the unit. */
export function written({ unit, digits }: Figure, value: number, deviation?: number): string {
  const scale = unit === '%' ? 100 : unit === 'MB' ? 1e-6 : 1
  const around = deviation === undefined ? '' : ` ± ${(scale * deviation).toFixed(digits)}`
  return `${(scale * value).toFixed(digits).replace('-', '−')}${around}${unit === '' ? '' : ` ${unit}`}`
}

/**
 * The units that teach the backbone, lowest first; probes and others that are beside it come last in a run's losses.
 */
function learning({ manifest: { spans }, steps }: RecordedRun): readonly string[] {
  const units = [...new Set(steps.flatMap(({ losses }) => Object.keys(losses)))]
  const taught = units.filter(unit => spans.some((_, i) => unit === `unit${i}`))
  return taught.length > 0 ? taught : units
}

const lossOf = ({ steps }: RecordedRun, unit: string | undefined): number | undefined =>
  unit === undefined ? undefined : recentLoss(steps, unit)

const lastDiagnosis = ({
  steps
}: RecordedRun): { readonly topOne: number; readonly effectiveRank: number } | undefined =>
  Object.values(steps.findLast(({ diagnoses }) => diagnoses !== undefined)?.diagnoses ?? {}).at(-1)

const lastStage = ({
  steps
}: RecordedRun): { readonly neighbours?: number | undefined; readonly probe?: number | undefined } | undefined =>
  steps.findLast(({ stages }) => stages !== undefined)?.stages?.at(-1)

const meanOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
