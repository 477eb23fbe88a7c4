import { availableParallelism } from 'node:os'
import { useBackend, type BackendChoice, type BackendName, type Dataset, type Experiment } from 'lapstrake'
import type { RunOptions, Settings } from '@lapstrake/runs/node'
import { wholeNumber } from '../terminal/whole-number.ts'
import { placeOf, tableOf } from './data-by-name.ts'

/** What was typed. */
export type Given = Readonly<
  Partial<Record<'recipe' | 'seed' | 'out' | Exclude<keyof RunOptions, 'tensorboard' | 'set'>, string | undefined>>
> &
  Readonly<Record<'overwrite' | 'force' | 'tensorboard', boolean>> & {
    /** What was set of the recipe. */
    readonly set: Settings
  }

/** The least that is allowed. */
const numbers = { size: 1, examples: 1, epochs: 1, threads: 1, 'checkpoint-every': 1, 'keep-every': 0 } as const

/** What was given of it. */
export const optionsOf = ({ tensorboard, backend, data, set, 'labels-from': labels, ...given }: Given): RunOptions => ({
  ...(tensorboard && { tensorboard }),
  ...(data !== undefined && { data: placeOf(data) }),
  ...(labels !== undefined && { 'labels-from': tableOf(labels, data ?? '.') }),
  ...(Object.keys(set).length > 0 && { set }),
  ...(backend !== undefined && { backend }),
  ...Object.fromEntries(
    Object.entries(numbers).flatMap(([name, least]) => {
      const text = given[name as keyof typeof numbers]
      const most = name === 'size' ? 8192 : Infinity
      return text === undefined ? [] : [[name, wholeNumber(`--${name}`, text, least, most)]]
    })
  )
})

/** The experiment, with the epochs that were asked for. */
export const longer = (experiment: Experiment, { epochs }: RunOptions): Experiment =>
  epochs === undefined ? experiment : { ...experiment, epochs }

/** Starts the backend that was asked for. */
export function chosenBackend({ backend = 'auto', threads }: RunOptions): Promise<BackendChoice> {
  if (threads !== undefined && threads > availableParallelism())
    say(`${threads} threads share ${availableParallelism()} processors here: fewer are faster.`)
  return useBackend(backend as BackendName, { threads })
}

/**
 * Refuses to go on with a run that is beyond where it is to go, or, in a folder of its own, where there is nothing to
 * do.
 */
export function refuseTaken(taken: number, wanted: number, what: string, fresh: boolean): void {
  if (taken > wanted || (fresh && taken === wanted)) {
    throw new Error(
      `train: expected more than the ${taken} steps that ${what} has taken, but the epochs asked for are ${wanted}. ` +
        'Give it more --epochs.'
    )
  }
}

/** Whole batches of all epochs. */
export const stepsOf = ({ epochs, batchSize }: Experiment, { size }: Pick<Dataset, 'size'>): number =>
  epochs * Math.floor(size / batchSize)

/** A line for whoever sits there. */
export const say = (what: string): void => {
  process.stderr.write(`${what}\n`)
}
