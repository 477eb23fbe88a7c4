import { own, type Batch, type Unit, type Views } from '@lapstrake/core'
import { diagnose, type Diagnosis } from '@lapstrake/evaluation'
import * as tf from '@tensorflow/tfjs-core'

/** What the embeddings of a unit tell, and what its loss would cost if they were all equal. */
export interface UnitDiagnosis extends Diagnosis {
  /** The loss at collapse, for pure losses: `log(2N − 1)` for NT-Xent. */
  readonly plateau?: number
}

type Look = (
  embeddings: Readonly<Record<string, Views<tf.Tensor2D>>>, losses: Readonly<Record<string, number>>, batch: Batch, step: number
) => Promise<Readonly<Record<string, UnitDiagnosis>>>

/** Steps before a plateau is worth a warning: every network begins near it. */
const patience = 100

/** Looks at units as they learn, and warns once of each that has collapsed. */
export function monitor(units: readonly Unit[], onWarning?: (warning: string) => void): Look {
  const warned = new Set<Unit>()
  return async (embeddings, losses, batch, step) => {
    const found: Record<string, UnitDiagnosis> = {}
    for (const unit of units) {
      const seen = embeddings[unit.name]
      // Nothing to compare: a probe's logits, a single view, maps, or views that differ in number of rows.
      if (seen === undefined || unit.start === unit.end || seen.length < 2 || seen[0].rank !== 2 || seen[0].shape[0] < 2) continue
      const plateau = await plateauOf(unit, seen, batch)
      const diagnosis = { ...await diagnose(seen), ...(plateau !== undefined && { plateau }) }
      found[unit.name] = diagnosis
      const loss = losses[unit.name]!
      const stuck = plateau !== undefined && Math.abs(loss - plateau) <= 0.005 * Math.max(1, Math.abs(plateau))
      if (stuck && diagnosis.negativeSimilarity > 0.95 && step >= patience && !warned.has(unit)) {
        warned.add(unit)
        onWarning?.(
          `${unit.name} has collapsed: at step ${step} its embeddings are all alike (mean cosine of different examples ${diagnosis.negativeSimilarity.toFixed(3)}) ` +
          `and its loss stays at ${loss.toFixed(3)}, what equal embeddings cost. Try a longer warm-up, a lower learning rate, or normalisation in the head.`)
      }
    }
    return found
  }
}

/** What a pure loss costs when all embeddings are equal; unknown for one that remembers, or that wants more than the batch holds. */
async function plateauOf({ loss }: Unit, embeddings: Views<tf.Tensor2D>, batch: Batch): Promise<number | undefined> {
  if (typeof loss !== 'function') return undefined
  let value: tf.Scalar
  try {
    value = own(() => loss(embeddings.map(rows => tf.onesLike(rows)) as unknown as Views<tf.Tensor2D>, batch))
  } catch {
    return undefined
  }
  const [plateau] = await value.data()
  value.dispose()
  return plateau
}
