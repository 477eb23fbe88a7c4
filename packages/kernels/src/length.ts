import * as tf from '@tensorflow/tfjs-core'

/** The Euclidean length of all tensors taken as one vector; 0 for none. */
export const length = (...tensors: readonly tf.Tensor[]): tf.Scalar =>
  tf.sqrt(tensors.reduce<tf.Scalar>((sum, tensor) => tf.add(sum, tf.sum(tf.square(tensor))), tf.scalar(0)))
