import { collectFeatures, linearProbe, nearestNeighbours, type Dataset } from 'lapstrake'
import type * as tf from '@tensorflow/tfjs-core'

export interface Encoder {
  readonly name: string
  readonly encode: (images: tf.Tensor4D) => tf.Tensor
  readonly pool?: 'mean' | 'flatten'
}

export interface Readout {
  readonly name: string
  readonly linear: number
  readonly neighbours: number
}

export interface ReadoutsOptions {
  readonly train: Dataset
  readonly test: Dataset
  readonly encoders: readonly Encoder[]
  readonly onProgress?: (what: string) => void
  /** Told once of each example that cannot be read, and is left out. */
  readonly onWarning?: (warning: string) => void
}

/** Reads what each encoder knows about the classes, all in the same way. */
export async function readouts({
  train,
  test,
  encoders,
  onProgress,
  onWarning
}: ReadoutsOptions): Promise<readonly Readout[]> {
  const rows: Readout[] = []
  const told = new Set<string>()
  for (const { name, encode, pool = 'mean' } of encoders) {
    onProgress?.(`Reading out: ${name}`)
    const known = await collectFeatures(train, encode, { pool })
    const asked = await collectFeatures(test, encode, { pool })
    for (const { example, reason } of [...known.unreadable, ...asked.unreadable]) {
      if (!told.has(example)) onWarning?.(`${example} is left out: ${reason}.`)
      told.add(example)
    }
    const { accuracy } = await linearProbe(known, asked)
    rows.push({ name, linear: accuracy, neighbours: await nearestNeighbours(known, asked) })
  }
  return rows
}
