import type { Batch, GradientNorms, State, Views } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'

/** What a step showed that was observed. */
export interface ObservedStep {
  readonly embeddings: Readonly<Record<string, Views<tf.Tensor2D>>>
  readonly gradientNorms: GradientNorms
  readonly losses: Readonly<Record<string, number>>
  readonly batch: Batch
  readonly before: State
  readonly after: State
}
