import { mapViews, own, type Batch, type Unit, type Views } from '@lapstrake/core'
import { diagnose, type Diagnosis } from '@lapstrake/evaluation'
import type { ObservedStep } from './observed-step.ts'
import * as tf from '@tensorflow/tfjs-core'

/** What the embeddings of a unit tell, and what its loss would cost if they were all equal. */
export interface UnitDiagnosis extends Diagnosis {
  /** The loss at collapse, for pure losses: `log(2N − 1)` for NT-Xent. */
  readonly plateau?: number | undefined
  /** The length of the gradient of the unit's head. */
  readonly gradientNorm: number
}

/**
 * Diagnoses a unit by its embeddings. Nothing where there is nothing to compare: a probe's logits, a single view, maps,
 * or views that differ in number of rows.
 */
export async function unitDiagnosis(
  unit: Unit,
  { embeddings, batch }: ObservedStep,
  gradientNorm: number
): Promise<UnitDiagnosis | undefined> {
  const views = embeddings[unit.name]
  if (
    views === undefined ||
    unit.start === unit.end ||
    views.length < 2 ||
    views[0].rank !== 2 ||
    views[0].shape[0] < 2
  )
    return undefined
  const plateau = await plateauOf(unit, views, batch)
  return { ...(await diagnose(views)), plateau, gradientNorm }
}

/** Whether the embeddings of a unit are all alike, and its loss stays at what that costs. */
export const hasCollapsed = (loss: number, { plateau, negativeSimilarity }: UnitDiagnosis): boolean =>
  plateau !== undefined &&
  Math.abs(loss - plateau) <= 0.005 * Math.max(1, Math.abs(plateau)) &&
  negativeSimilarity > 0.95

/**
 * What a pure loss costs when all embeddings are equal; unknown for one that remembers, or that wants more than the
 * batch holds.
 */
async function plateauOf({ loss }: Unit, embeddings: Views<tf.Tensor2D>, batch: Batch): Promise<number | undefined> {
  if (typeof loss !== 'function') return undefined
  let value: tf.Scalar
  try {
    value = own(() =>
      loss(
        mapViews(embeddings, rows => tf.onesLike(rows)),
        batch
      )
    )
  } catch {
    return undefined
  }
  const [plateau] = await value.data()
  value.dispose()
  return plateau
}
