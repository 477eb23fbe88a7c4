import {
  leaves,
  own,
  type Batch,
  type Network,
  type Params,
  type Stage,
  type State,
  type Trainer,
  type Unit
} from '@lapstrake/core'
import { isReadout } from './linear-readout.ts'
import { numbersIn } from './numbers-in.ts'
import type { ObservedStep } from './observed-step.ts'
import * as tf from '@tensorflow/tfjs-core'

/** What a stage does while it learns. */
export interface StageDiagnosis {
  /** The length of what its units teach it together; absent where none does. */
  readonly gradientNorm?: number | undefined
  /** How far its weights moved in the step, in parts of their length. */
  readonly updateRatio: number
  /**
   * Part of the examples whose nearest neighbour in the batch, by the cosine of the stage's mean features, is of their
   * class; for data with classes.
   */
  readonly neighbours?: number | undefined
  /**
   * The accuracy of a probe on the stage, from 0 to 1, before it learned from these examples; for experiments with a
   * readout there.
   */
  readonly probe?: number | undefined
}

/** Diagnoses every stage, from the bottom. */
export async function stageDiagnoses(
  stages: readonly Stage[],
  { network, units }: Pick<Trainer, 'network' | 'units'>,
  { embeddings, gradientNorms, batch, before, after }: ObservedStep
): Promise<readonly StageDiagnosis[]> {
  const norms = await numbersIn(
    Object.fromEntries(gradientNorms.stages.flatMap((norm, i) => (norm === undefined ? [] : [[i, norm]])))
  )
  const updates = await numbersIn(
    own(() => stages.map((_, i) => updateRatio(before.stages[i]!.params, after.stages[i]!.params)))
  )
  const neighbours = await neighboursAt(network, after, batch)
  const accuracies = await accuraciesOfProbes(units, embeddings, batch)
  return stages.map((_, i) => ({
    gradientNorm: norms[i],
    updateRatio: updates[i]!,
    neighbours: neighbours[i],
    probe: accuracies.get(i)
  }))
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
  const classes = labels?.rank === 1 ? await labels.data() : []
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

/** The accuracy of the probes on stages, by stage. */
async function accuraciesOfProbes(
  units: readonly Unit[],
  embeddings: ObservedStep['embeddings'],
  { labels }: Batch
): Promise<ReadonlyMap<number, number>> {
  const probes = units.filter(unit => isReadout(unit) && unit.end > 0 && embeddings[unit.name] !== undefined)
  if (labels === undefined || probes.length === 0) return new Map()
  const accuracies = own((): Record<string, tf.Scalar> => {
    // An example without a class is neither right nor wrong.
    const known = tf.maximum(tf.sum(tf.cast(tf.greaterEqual(labels, 0), 'float32')), 1)
    return Object.fromEntries(
      probes.map(({ name, end }) => {
        const right = tf.equal(tf.cast(tf.argMax(embeddings[name]![0], 1), 'int32'), labels)
        return [end - 1, tf.div(tf.sum(tf.cast(right, 'float32')), known) as tf.Scalar]
      })
    )
  })
  return new Map(Object.entries(await numbersIn(accuracies)).map(([stage, accuracy]) => [Number(stage), accuracy]))
}
