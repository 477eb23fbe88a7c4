import {
  corrupt,
  corruptionKinds,
  didYouMean,
  isImageDataset,
  readCorrupted,
  type CorruptionKind,
  type Dataset,
  type Network,
  type Variables
} from 'lapstrake'
import type { Corrupted } from '@lapstrake/runs/node'
import type * as tf from '@tensorflow/tfjs-core'
import { percent } from '../terminal/percent.ts'
import { table } from '../terminal/table.ts'

/**
 * Which corruptions `--corruptions` names: those of a list, or all that the data take.
 *
 * @throws Error for a word that is none, for data that are no grey or coloured images, and for grey ones to saturate
 */
export function corruptionsGiven(text: string, data: Dataset): readonly CorruptionKind[] {
  if (!isImageDataset(data))
    throw new Error(`--corruptions: expected images to corrupt, got ${data.name}. Leave the option out.`)
  const channels = data.shape[2]
  if (channels !== 1 && channels !== 3)
    throw new Error(`--corruptions: expected images of 1 or 3 channels, got ${channels}. Leave the option out.`)
  const words = [...new Set(text.split(',').map(word => word.trim()))]
  if (words.includes('all')) return corruptionKinds.filter(kind => kind !== 'saturate' || channels === 3)
  return words.map(word => {
    const kind = corruptionKinds.find(known => known === word)
    if (kind === 'saturate' && channels === 1)
      throw new Error('--corruptions: expected images of 3 channels to saturate, got 1. Leave saturate out.')
    if (kind !== undefined) return kind
    throw new Error(
      `--corruptions: expected all, or some of ${corruptionKinds.join(', ')}, got ${word}.` +
        didYouMean(word, corruptionKinds)
    )
  })
}

const severities = [1, 2, 3, 4, 5]

/** What is read, by which classifier. */
interface Reading {
  readonly train: Dataset
  readonly test: Dataset
  readonly prepare?: ((images: tf.Tensor) => tf.Tensor) | undefined
  readonly onProgress: (what: string) => unknown
}

/** The top of a network with some variables, read under each kind in each severity. */
export async function readUnderCorruptions(
  name: string,
  network: Network,
  variables: readonly Variables[],
  kinds: readonly CorruptionKind[],
  { train, test, prepare, onProgress }: Reading
): Promise<Corrupted> {
  const { clean, mean, readouts } = await readCorrupted(
    (images, context) => network.encode(variables, prepare?.(images) ?? images, { context }),
    {
      ...{ train, test },
      corruptions: kinds.flatMap(kind =>
        severities.map(severity => ({ kind, severity, change: corrupt({ kind, severity }) }))
      ),
      onProgress: what => onProgress(`${name}: ${what}`)
    }
  )
  return { name, clean, mean, readouts }
}

/** A row for each kind, a column for each severity, and the mean beside that of another encoder. */
export function corruptionTable(found: Corrupted, baseline: Corrupted): string {
  const mean = (from: Corrupted, kind: string): string => {
    const values = from.readouts.filter(one => one.kind === kind).map(({ linear }) => linear)
    return percent(values.reduce((sum, value) => sum + value, 0) / values.length)
  }
  const kinds = [...new Set(found.readouts.map(({ kind }) => kind))]
  const rows = kinds.map(kind => [
    kind,
    ...found.readouts.filter(one => one.kind === kind).map(({ linear }) => percent(linear)),
    mean(found, kind),
    mean(baseline, kind)
  ])
  const all = ['mean', ...severities.map(() => ''), percent(found.mean), percent(baseline.mean)]
  return (
    `Corrupted test images, read by what learned from clean ones. Of clean ones ${found.name} reads ` +
    `${percent(found.clean)}, ${baseline.name} ${percent(baseline.clean)}.\n\n` +
    table(['corruption', ...severities.map(String), 'mean', baseline.name], [...rows, all])
  )
}
