import type { Params } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'

/** A Gaussian over weights: independent, with the deviation of a prior that is one for all of them. */
export type Posterior = {
  readonly mean: Params
  /** Natural logarithms of the deviations, in the form of `mean`. */
  readonly logStd: Params
  /** The same of the prior, a scalar. Learnt. */
  readonly priorLogStd: tf.Tensor
}
