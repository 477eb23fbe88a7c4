import { checkGiven, checkOptions, type Network, type Variables } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { collectLevels, type CollectedFeatures } from './features.ts'
import { linearProbe } from './linear-probe.ts'
import { checkDraws, lowLabelProbe, type LowLabelReadout } from './low-label-probe.ts'
import { nearestNeighbours } from './nearest-neighbours.ts'
import type { LeftOut, Readable } from './read-whole.ts'

/** What a classifier reads at one level of a network. */
export interface StageReadout {
  /** So many stages below: 0 for the input itself. */
  readonly level: number
  /** Accuracy of a linear probe on the test examples, from 0 to 1; absent when it was not asked for. */
  readonly linear?: number | undefined
  /** Accuracy of weighted nearest neighbours, from 0 to 1. */
  readonly neighbours: number
  /** What few labels are worth, for each number of them that was asked for. */
  readonly lowLabel: readonly LowLabelReadout[]
}

export interface ReadStagesOptions {
  readonly train: Readable
  readonly test: Readable
  /** The levels to read, in this order: all, from the images up, when left out. */
  readonly levels?: readonly number[] | undefined
  /** Whether to fit linear probes as well, which takes most of the time. Yes, when left out. */
  readonly linear?: boolean | undefined
  /** Numbers of labels to read with alone, as `lowLabelProbe` takes them; none when left out. */
  readonly labels?: readonly number[] | undefined
  /** How often so few are drawn. */
  readonly draws?: number | undefined
  /** Neighbours that vote. */
  readonly k?: number | undefined
  /** Brings what the data sets collate to what the network takes, such as images of another size. */
  readonly prepare?: ((input: tf.Tensor) => tf.Tensor) | undefined
  /** Told what is being done, in words. */
  readonly onProgress?: ((what: string) => void) | undefined
}

/** What every stage of a network knows about the classes. */
export interface StageReadouts {
  readonly readouts: readonly StageReadout[]
  /** Examples of either set that could not be read, and count for nothing. */
  readonly unreadable: readonly LeftOut[]
}

/**
 * Reads out every stage of a network at inference, each with a linear probe and nearest neighbours. All stages are read
 * in one climb: each runs once for an example. Maps are pooled to their means; the input itself is taken whole. With
 * `labels`, each is also read with so few, by `lowLabelProbe`.
 *
 * @throws RangeError if there is no such level, or none is asked for, and for labels and draws as `lowLabelProbe` does
 * @throws Error for examples without labels, fewer than two classes, or test labels unseen in training
 */
export async function readStages(
  network: Network,
  variables: readonly Variables[],
  options: ReadStagesOptions
): Promise<StageReadouts> {
  checkOptions<ReadStagesOptions>('readStages', options, {
    train: 'record',
    test: 'record',
    levels: 'list',
    linear: 'boolean',
    labels: 'list',
    draws: 'number',
    k: 'number',
    prepare: 'function',
    onProgress: 'function'
  })
  checkGiven('readStages', 'a network, as networkOf() gives', (network as Network | null)?.shapes, 'list')
  checkGiven('readStages', 'the variables of its stages, such as state.stages', variables, 'list')
  const { train, test, levels = network.shapes.map((_, i) => i), linear = true, k, prepare, onProgress } = options
  const { labels: numbers = [], draws = 5 } = options
  for (const labels of numbers) checkDraws('readStages', labels, draws)
  if (levels.length === 0) throw new RangeError('readStages: expected one level or more to read, got none.')
  const collect = (dataset: Readable, what: string): Promise<readonly CollectedFeatures[]> =>
    collectLevels(
      dataset,
      (input, context) => network.levels(variables, prepare?.(input) ?? input, { which: levels, context }),
      {
        pool: place => (levels[place] === 0 ? 'flatten' : 'mean'),
        onProgress: (done, total) => onProgress?.(`Features of ${what} examples: ${done} of ${total}`)
      }
    )
  const [known, asked] = [await collect(train, 'training'), await collect(test, 'test')]
  const readouts: StageReadout[] = []
  for (const [i, level] of levels.entries()) {
    onProgress?.(`Reading out level ${level}, ${i + 1} of ${levels.length}`)
    const lowLabel: LowLabelReadout[] = []
    for (const labels of numbers) lowLabel.push(await lowLabelProbe(known[i]!, asked[i]!, { labels, draws }))
    readouts.push({
      level,
      linear: linear ? (await linearProbe(known[i]!, asked[i]!)).accuracy : undefined,
      neighbours: await nearestNeighbours(known[i]!, asked[i]!, k === undefined ? {} : { k }),
      lowLabel
    })
  }
  return { readouts, unreadable: [...(known[0]?.unreadable ?? []), ...(asked[0]?.unreadable ?? [])] }
}
