// Readouts that learn from few labels, as `evaluate` is asked for them and tells them.
import type { Readout } from '@lapstrake/runs/node'
import { percent } from '../terminal/percent.ts'
import { UsageError } from '../terminal/usage-error.ts'

/** Numbers of labels of a class, and parts of all below 1. */
export function labelsGiven(text: string | undefined): readonly number[] {
  if (text === undefined) return []
  const numbers = text.split(',').map(word => {
    const [, digits, percents] = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(word) ?? []
    const value = percents === '%' ? Number(digits) / 100 : Number(digits)
    if (value > 0 && (percents === '%' ? value < 1 : Number.isInteger(value))) return value
    throw new UsageError(
      `--labels: expected labels of each class or parts of all below 100 %, got ${word}. ` +
        'Try --labels 10,100 or --labels 1%,10%.'
    )
  })
  return [...new Set(numbers)]
}

/** A heading. */
export const labelsSaid = (labels: number): string =>
  labels < 1 ? `${Number((100 * labels).toPrecision(12))} % labels` : `${labels} a class`

/** Mean and deviation over draws. */
export const fewLabelsSaid = ({ accuracy, deviation }: NonNullable<Readout['lowLabel']>[number]): string =>
  deviation === undefined ? percent(accuracy) : `${(100 * accuracy).toFixed(1)} ± ${(100 * deviation).toFixed(1)} %`
