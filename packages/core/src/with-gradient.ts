import * as tf from '@tensorflow/tfjs-core'

/** A result with the way back from it. */
export interface WithGradient<T extends tf.Tensor, Cotangent extends tf.Tensor = T> {
  readonly value: T
  /** What the gradient needs; kept until the backward pass is over, and nothing else of the forward pass is. */
  readonly saved: readonly tf.Tensor[]
  /** From the cotangent of `value` and what was saved to the cotangent of each input, in order. */
  readonly gradient: (cotangent: Cotangent, saved: readonly tf.Tensor[]) => readonly tf.Tensor[]
}

/**
 * Runs `f` on inputs as one operation with a gradient in closed form. Inside, nothing is recorded.
 *
 * Tensors that the gradient uses must be among `saved` (or be plain numbers): others may be gone when it runs.
 */
export function withGradient<const X extends readonly tf.Tensor[], T extends tf.Tensor>(
  inputs: X,
  f: (...inputs: X) => WithGradient<T>
): T {
  return tf.customGrad<tf.Tensor>((...given) => {
    // TensorFlow.js's type leaves out the function that comes last.
    const [save, tensors] = [given.at(-1) as tf.Tensor | tf.GradSaveFunc | undefined, given.slice(0, -1)]
    const { value, saved, gradient } = f(...(tensors as readonly tf.Tensor[] as X))
    ;(save as tf.GradSaveFunc)([...saved])
    return { value, gradFunc: (cotangent: tf.Tensor, kept: tf.Tensor[]) => [...gradient(cotangent as T, kept)] }
  })(...inputs) as T
}
