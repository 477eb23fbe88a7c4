import {
  checkOptions,
  detached,
  reduced,
  reductionKind,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkPositive, checkViews, normaliseRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'

export interface NegativeCosineOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Rows shorter than this, or than 10⁻¹², have no direction: they count as zeros, and so does their gradient. */
  readonly epsilon?: number | undefined
}

/**
 * How well predictions point where their targets do: the negative cosine of the rows, averaged. No gradient reaches the
 * targets.
 *
 * Takes rows `[batch, dim]` of any length. Returns a number from −1, where all point the same way, to 1.
 *
 * @throws RangeError if `epsilon` is not above 0
 * @throws Error unless both have one shape
 * @see Chen & He 2021, eq. 1 and 3, https://arxiv.org/abs/2011.10566
 */
export function negativeCosine<R extends Reduction = 'mean'>(
  predictions: tf.Tensor2D,
  targets: tf.Tensor2D,
  options: NegativeCosineOptions<R> = {}
): Reduced<R> {
  const { epsilon, reduction } = checked('negativeCosine', options)
  checkViews('negativeCosine', [predictions, targets])
  return reduced(negativeCosines(predictions, targets, epsilon), reduction)
}

/**
 * The options, those that were left out among them.
 *
 * @throws RangeError if `epsilon` is not above 0
 */
export function checked<R extends Reduction>(
  who: string,
  options: NegativeCosineOptions<R>
): { readonly epsilon: number; readonly reduction: R } {
  checkOptions(who, options, { epsilon: 'number', reduction: reductionKind })
  const { epsilon = 1e-8, reduction = 'mean' as R } = options
  checkPositive(who, 'small epsilon', epsilon, 'Try 1e-8.')
  return { epsilon, reduction }
}

/** {@link negativeCosine} of each row, `[batch]`. */
export function negativeCosines(predictions: tf.Tensor2D, targets: tf.Tensor2D, epsilon: number): tf.Tensor1D {
  const constants = detached(() => directions(targets, epsilon))
  return tf.neg(tf.sum(tf.mul(directions(predictions, epsilon), constants), 1))
}

/** Rows of length one, and zeros for those that are too short. */
function directions(rows: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  const long = detached(() => tf.cast(tf.greater(tf.norm(rows, 2, 1, true), epsilon), 'float32')) // [batch, 1]
  return tf.mul(normaliseRows(rows), long)
}
