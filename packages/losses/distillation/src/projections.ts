import type { LossShapes, Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { teacherOf } from './teacher-of.ts'

/** An affine map from features to the rows that are compared. */
export interface Projection {
  /** `[in, dim]` */
  readonly weights: tf.Tensor
  /** `[dim]` */
  readonly bias: tf.Tensor
  readonly [name: string]: tf.Tensor
}

/** One projection for the student and one for the teacher; both learn. */
export interface Projections {
  readonly student: Projection
  readonly teacher: Projection
  readonly [side: string]: Projection
}

/**
 * First projections to `dim` numbers, uniform as in a linear layer of PyTorch.
 *
 * @throws Error without a teacher
 */
export function projections(who: string, random: Random, shapes: LossShapes, dim: number): Projections {
  const [{ embedding }, teacher] = [shapes, teacherOf(who, shapes)]
  const projection = (side: string, inputs: number): Projection => {
    const limit = 1 / Math.sqrt(inputs)
    return {
      weights: random.split(side, 'weights').uniform([inputs, dim], -limit, limit),
      bias: random.split(side, 'bias').uniform([dim], -limit, limit)
    }
  }
  return { student: projection('student', embedding.at(-1)!), teacher: projection('teacher', teacher.at(-1)!) }
}

/** Rows of features: of maps `[batch, height, width, channels]` the means of their channels. */
export const featureRows = (features: tf.Tensor): tf.Tensor2D =>
  (features.rank === 4 ? tf.mean(features, [1, 2]) : tf.reshape(features, [features.shape[0]!, -1])) as tf.Tensor2D

/** Rows `[batch, in]` as rows `[batch, dim]`. */
export const project = (rows: tf.Tensor2D, { weights, bias }: Projection): tf.Tensor2D =>
  tf.add(tf.matMul(rows, weights as tf.Tensor2D), bias) as tf.Tensor2D
