import {
  mapViews,
  reduced,
  type Batch,
  type Reduced,
  type Reduction,
  type Shape,
  type StatefulLossOf,
  type Views
} from '@lapstrake/core'
import { checkCount, zeroRows } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { twoViews } from './checks.ts'
import { standardise } from './standardise.ts'

/** What guesses the embedding of one view from that of another: a perceptron with one hidden layer. */
export interface Predictor {
  /** `[dim, hidden]` */
  readonly inner: tf.Tensor
  /** Of the normalisation, `[hidden]`. */
  readonly scale: tf.Tensor
  /** Of the normalisation, `[hidden]`. */
  readonly offset: tf.Tensor
  /** `[hidden, dim]` */
  readonly outer: tf.Tensor
  /** `[dim]` */
  readonly bias: tf.Tensor
  readonly [name: string]: tf.Tensor
}

/** The width of the hidden layer, a number, or a multiple of the embedding's; and what becomes of the rows. */
export interface PredictorOptions<R extends Reduction> {
  readonly hidden: number | undefined
  readonly proportion: number
  readonly reduction: R
}

/**
 * A loss that compares what a predictor of its own makes of each view with something constant; exactly zero for a batch
 * of one, which has no statistics to normalise by.
 *
 * It throws unless there are two views of rows, and for a hidden width that is not a whole number from 1 to 65536.
 *
 * @param against looks at what there is to compare with, before anything is computed, and gives the loss of predictions
 */
export function withPredictor<R extends Reduction>(
  who: string,
  { hidden, proportion, reduction }: PredictorOptions<R>,
  against: (embeddings: Views<tf.Tensor2D>, batch: Batch) => (predictions: Views<tf.Tensor2D>) => Reduced<R>
): StatefulLossOf<R, Predictor, Record<string, never>> {
  if (hidden !== undefined) checkCount(who, 'hidden width', hidden, "Leave it out for the paper's proportion.")
  return {
    init(random, { embedding }) {
      if (embedding.length !== 1)
        throw new Error(
          `${who}: expected embeddings that are rows, got shape [${embedding.join(', ')}]. Pool or flatten in the head.`
        )
      const dim = embedding[0]!
      const width = hidden ?? Math.ceil(dim * proportion)
      // As in a linear layer of PyTorch. With a bias of zeros, a row that switches off all hidden numbers would point
      // nowhere.
      const uniform = (name: string, inputs: number, shape: Shape): tf.Tensor =>
        random.split(name).uniform(shape, -1 / Math.sqrt(inputs), 1 / Math.sqrt(inputs))
      return {
        params: {
          inner: uniform('inner', dim, [dim, width]),
          scale: tf.ones([width]),
          offset: tf.zeros([width]),
          outer: uniform('outer', width, [width, dim]),
          bias: uniform('bias', width, [dim])
        },
        memory: {}
      }
    },
    apply(embeddings, batch, { params, memory }) {
      twoViews(who, embeddings)
      const compare = against(embeddings, batch)
      const predictions = mapViews(embeddings, rows => predict(rows, params))
      const alone = embeddings[0].shape[0] === 1
      return {
        loss: alone ? reduced(zeroRows(tf.add(...twoViews(who, predictions))), reduction) : compare(predictions),
        memory
      }
    }
  }
}

/**
 * Linear, batch normalisation, ReLU, linear. It never runs at inference, so the statistics of this batch are all it
 * needs.
 */
function predict(rows: tf.Tensor2D, { inner, scale, offset, outer, bias }: Predictor): tf.Tensor2D {
  const normalised = tf.add(tf.mul(standardise(tf.matMul(rows, inner as tf.Tensor2D), 1e-5), scale), offset)
  return tf.add(tf.matMul(tf.relu(normalised) as tf.Tensor2D, outer as tf.Tensor2D), bias)
}
