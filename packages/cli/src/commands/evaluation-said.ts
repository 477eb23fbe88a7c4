// What `evaluate` prints.
import type { Evaluation } from '@lapstrake/runs/node'
import { percent } from '../terminal/percent.ts'
import { table } from '../terminal/table.ts'
import { fewLabelsSaid, labelsSaid } from './few-labels.ts'
import { corruptionTable } from './read-under-corruptions.ts'

/** What was read out, and over how much. */
export interface Read extends Pick<Evaluation, 'test' | 'part' | 'rows' | 'corrupted'> {
  readonly run: string
  readonly weights: string
  readonly data: string
  /** Examples that the readouts learned from. */
  readonly train: number
  /** Numbers of labels that were asked for. */
  readonly labels: readonly number[]
}

/** As text for a terminal. */
export function evaluationSaid({ data, train, test, part, rows, labels, corrupted }: Read): string {
  const readouts = table(
    ['features', 'linear readout', 'nearest neighbours', ...labels.map(labelsSaid)],
    rows.map(({ name, linear, neighbours, lowLabel }) => [
      ...[name, percent(linear), percent(neighbours)],
      ...(lowLabel ?? []).map(fewLabelsSaid)
    ])
  )
  const over = `${data}: ${train} training and ${part ? 'the first ' : ''}${test} test examples.`
  const under = corrupted === undefined ? '' : `\n${corruptionTable(corrupted[1]!, corrupted[0]!)}\n`
  return `${over}\n\n${readouts}\n${under}`
}

/** As one object for a program: accuracies from 0 to 1. */
export const evaluationAsJson = ({ labels: _, ...read }: Read): string => JSON.stringify(read)
