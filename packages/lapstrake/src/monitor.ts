import {
  leaves,
  mapViews,
  own,
  type Batch,
  type GradientNorms,
  type Network,
  type Params,
  type Stage,
  type State,
  type Trainer,
  type Unit,
  type Views
} from '@lapstrake/core'
import { diagnose, type Diagnosis } from '@lapstrake/evaluation'
import * as tf from '@tensorflow/tfjs-core'
import { isReadout } from './linear-readout.ts'

/** What the embeddings of a unit tell, and what its loss would cost if they were all equal. */
export interface UnitDiagnosis extends Diagnosis {
  /** The loss at collapse, for pure losses: `log(2N − 1)` for NT-Xent. */
  readonly plateau?: number
  /** The length of the gradient of the unit's head. */
  readonly gradientNorm: number
}

/** What a stage does while it learns. */
export interface StageDiagnosis {
  /** The length of what its units teach it together; absent where none does. */
  readonly gradientNorm?: number
  /** How far its weights moved in the step, in parts of their length. */
  readonly updateRatio: number
  /**
   * Part of the examples whose nearest neighbour in the batch, by the cosine of the stage's mean features, is of their
   * class; for data with classes.
   */
  readonly neighbours?: number
  /**
   * Part of the examples that a probe on the stage tells right, before it learned from them; for experiments with a
   * readout there.
   */
  readonly probe?: number
}

/** What a step showed. */
export interface Sight {
  readonly embeddings: Readonly<Record<string, Views<tf.Tensor2D>>>
  readonly gradientNorms: GradientNorms
  readonly losses: Readonly<Record<string, number>>
  readonly batch: Batch
  readonly before: State
  readonly after: State
}

/** What a look tells. */
export interface Looks {
  readonly diagnoses: Readonly<Record<string, UnitDiagnosis>>
  readonly stages: readonly StageDiagnosis[]
}

/** Steps before a plateau is worth a warning: every network begins near it. */
const patience = 100

/**
 * Looks at units and stages as they learn, and warns once of each that has collapsed, diverges, or no longer learns.
 */
export function monitor(
  stages: readonly Stage[],
  { network, units }: Pick<Trainer, 'network' | 'units'>,
  onWarning?: (warning: string) => void
): (sight: Sight) => Promise<Looks> {
  const warned = new Set<Unit | Stage>()
  const lowest = new Map<Unit, number>()
  const warn = (who: Unit | Stage, warning: string): void => {
    if (warned.has(who)) return
    warned.add(who)
    onWarning?.(warning)
  }
  return async ({ embeddings, gradientNorms, losses, batch, before, after }) => {
    const { step } = after
    const headNorms = await numbersIn(gradientNorms.heads)
    const found: Record<string, UnitDiagnosis> = {}
    for (const unit of units) {
      const loss = losses[unit.name]
      if (loss === undefined) continue
      const least = Math.min(loss, lowest.get(unit) ?? Infinity)
      lowest.set(unit, least)
      if (unit.start < unit.end && loss > least + Math.max(1, Math.abs(least)) && step >= patience) {
        warn(
          unit,
          `${unit.name} diverges: its loss is ${loss.toFixed(3)} at step ${step} and was ${least.toFixed(3)}. ` +
            'Try a lower learning rate, a longer warm-up or clipByNorm().'
        )
      }
      if (headNorms[unit.name] === 0 && leaves(after.units[unit.name]!.head.params).length > 0) {
        warn(
          unit,
          `${unit.name} no longer learns: at step ${step} the gradient of its head is exactly 0. ` +
            'Its ReLUs may all be off, or its loss may be flat: try a lower learning rate, ' +
            'or normalisation in the head.'
        )
      }
      const seen = embeddings[unit.name]
      // Nothing to compare: a probe's logits, a single view, maps, or views that differ in number of rows.
      if (
        seen === undefined ||
        unit.start === unit.end ||
        seen.length < 2 ||
        seen[0].rank !== 2 ||
        seen[0].shape[0] < 2
      )
        continue
      const plateau = await plateauOf(unit, seen, batch)
      const diagnosis = {
        ...(await diagnose(seen)),
        ...(plateau !== undefined && { plateau }),
        gradientNorm: headNorms[unit.name]!
      }
      found[unit.name] = diagnosis
      const stuck = plateau !== undefined && Math.abs(loss - plateau) <= 0.005 * Math.max(1, Math.abs(plateau))
      if (stuck && diagnosis.negativeSimilarity > 0.95 && step >= patience) {
        warn(
          unit,
          `${unit.name} has collapsed: at step ${step} its embeddings are all alike (mean cosine of different ` +
            `examples ${diagnosis.negativeSimilarity.toFixed(3)}) ` +
            `and its loss stays at ${loss.toFixed(3)}, what equal embeddings cost. Try a longer warm-up, ` +
            'a lower learning rate, or normalisation in the head.'
        )
      }
    }
    return { diagnoses: found, stages: await lookAtStages() }

    async function lookAtStages(): Promise<StageDiagnosis[]> {
      const norms = await numbersIn(
        Object.fromEntries(gradientNorms.stages.flatMap((norm, i) => (norm === undefined ? [] : [[i, norm]])))
      )
      const updates = await numbersIn(
        own(() => stages.map((_, i) => updateRatio(before.stages[i]!.params, after.stages[i]!.params)))
      )
      const neighbours = await neighboursAt(network, after, batch)
      const probes = await probesOf(units, embeddings, batch)
      return stages.map((stage, i) => {
        if (norms[i] === 0 && leaves(after.stages[i]!.params).length > 0) {
          warn(
            stage,
            `stage ${i} ("${stage.name}") is no longer taught: at step ${step} its gradient is exactly 0. ` +
              'Its ReLUs may all be off: try a lower learning rate or normalisation.'
          )
        }
        return {
          ...(norms[i] !== undefined && { gradientNorm: norms[i] }),
          updateRatio: updates[i]!,
          ...(neighbours[i] !== undefined && { neighbours: neighbours[i] }),
          ...(probes.get(i) !== undefined && { probe: probes.get(i)! })
        }
      })
    }
  }
}

/** Reads scalars in one go and frees them. */
async function numbersIn(
  scalars: Readonly<Record<string, tf.Scalar>> | readonly tf.Scalar[]
): Promise<Record<string, number>> {
  const entries = Object.entries(scalars)
  if (entries.length === 0) return {}
  const stacked = tf.stack(entries.map(([, scalar]) => scalar))
  const values = await stacked.data()
  stacked.dispose()
  entries.forEach(([, scalar]) => scalar.dispose())
  return Object.fromEntries(entries.map(([name], i) => [name, values[i]!]))
}

function updateRatio(before: Params, after: Params): tf.Scalar {
  const [old, now] = [leaves(before), leaves(after)]
  const squares = (tensors: readonly tf.Tensor[]): tf.Scalar =>
    tensors.reduce<tf.Scalar>((sum, tensor) => tf.add(sum, tf.sum(tf.square(tensor))), tf.scalar(0))
  return tf.sqrt(tf.div(squares(now.map((tensor, i) => tf.sub(tensor, old[i]!))), tf.maximum(squares(old), 1e-12)))
}

/**
 * How often the nearest other example of the batch, by what each stage shows of the first view, is of the same class.
 * Nothing without classes.
 */
async function neighboursAt(
  network: Network,
  { stages }: State,
  { views: [view], context, labels }: Batch
): Promise<readonly (number | undefined)[]> {
  const classes = labels === undefined ? [] : await labels.data()
  const known = classes.filter((label: number) => label >= 0).length
  if (known < 2) return []
  const parts = own((): tf.Scalar[] =>
    network.levels(stages, view, { context: context?.[0] }).map(flow => {
      const features = flow.rank === 4 ? tf.mean(flow, [1, 2]) : tf.reshape(flow, [flow.shape[0]!, -1])
      const rows = tf.div(features, tf.maximum(tf.norm(features, 2, 1, true), 1e-12)) as tf.Tensor2D
      const apart = tf.sub(tf.matMul(rows, rows, false, true), tf.mul(tf.eye(rows.shape[0]), 4))
      const same = tf.equal(tf.gather(labels!, tf.argMax(apart, 1)), labels!)
      return tf.div(tf.sum(tf.cast(tf.logicalAnd(same, tf.greaterEqual(labels!, 0)), 'float32')), known) as tf.Scalar
    })
  )
  return Object.values(await numbersIn(parts))
}

/** What the probes on stages tell right, by stage. */
async function probesOf(
  units: readonly Unit[],
  embeddings: Sight['embeddings'],
  { labels }: Batch
): Promise<ReadonlyMap<number, number>> {
  const probes = units.filter(unit => isReadout(unit) && unit.end > 0 && embeddings[unit.name] !== undefined)
  if (labels === undefined || probes.length === 0) return new Map()
  const right = own(
    (): Record<string, tf.Scalar> =>
      Object.fromEntries(
        probes.map(({ name, end }) => [
          end - 1,
          tf.mean(
            tf.cast(tf.equal(tf.cast(tf.argMax(embeddings[name]![0], 1), 'int32'), labels), 'float32')
          ) as tf.Scalar
        ])
      )
  )
  return new Map(Object.entries(await numbersIn(right)).map(([stage, part]) => [Number(stage), part]))
}

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
