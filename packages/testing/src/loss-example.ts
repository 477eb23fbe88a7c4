import { seeded, type Batch, type LossVariables, type Random, type Shape, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { LossSuite, ReducedLoss } from './loss-suite.ts'

/** Views, and a batch of all that a loss may ask for. */
export interface Example {
  readonly views: Views<tf.Tensor2D>
  readonly batch: Batch
}

/** An example for a suite. */
export function example(
  random: Random,
  { views: count = 2, batch: rows = 6, shape = [5], classes = 3, teacher, targets = false }: LossSuite
): Example {
  const draw = (name: string, shape: Shape): Views<tf.Tensor2D> => {
    const view = (place: number): tf.Tensor2D => random.split(name, place).normal([rows, ...shape]) as tf.Tensor2D
    return [view(0), ...Array.from({ length: count - 1 }, (_, i) => view(i + 1))]
  }
  const views = draw('view', shape)
  const places = Array.from({ length: rows }, (_, i) => i)
  return {
    views,
    batch: {
      views,
      labels: tf.tensor1d(
        places.map(place => place % classes),
        'int32'
      ),
      indices: tf.tensor1d(places, 'int32'),
      teacher: teacher && draw('teacher', teacher),
      targets: targets ? draw('target', shape) : undefined
    }
  }
}

export const variablesOf = (loss: ReducedLoss, embedding: Shape, teacher: Shape | undefined): LossVariables =>
  typeof loss === 'function' ? { params: {}, memory: {} } : loss.init(seeded(5), { embedding, teacher })

/** What a loss gives: a scalar, or with `reduction: 'none'` a number for each row. */
export const apply = <T extends tf.Tensor = tf.Scalar>(
  loss: ReducedLoss,
  views: Views<tf.Tensor2D>,
  batch: Batch,
  variables: LossVariables
): T => (typeof loss === 'function' ? loss(views, batch) : loss.apply(views, batch, variables).loss) as tf.Tensor as T

export const variablesFor = (loss: ReducedLoss, batch: Batch, embedding: Shape): LossVariables =>
  variablesOf(loss, embedding, batch.teacher?.[0].shape.slice(1))
