import { checkGiven, own } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Features } from './features.ts'
import { fittedTo, type LinearProbeOptions } from './linear-probe.ts'
import type { Rows } from './nearest-rows.ts'

export type FitReadoutOptions = LinearProbeOptions

/** A linear classifier of features, in numbers that may be kept. */
export interface FittedReadout {
  /** Numbers in a row of features. */
  readonly dim: number
  readonly classes: number
  /** `[dim, classes]`, row after row: a feature adds so much to the logit of each class. */
  readonly weights: Float32Array
  /** What each logit begins with. */
  readonly bias: Float32Array
  /** Accuracy on the part of the training examples that chose the strength, from 0 to 1, fitted without them. */
  readonly validationAccuracy: number
}

/**
 * Fits the classifier that `linearProbe` measures, and gives it back: `readProbabilities` asks it.
 *
 * @throws Error and RangeError as `linearProbe` does
 */
export async function fitReadout(train: Features, options: FitReadoutOptions = {}): Promise<FittedReadout> {
  const { classes, weights, bias, validationAccuracy } = await fittedTo('fitReadout', train, train, options)
  return { dim: train.dim, classes, weights, bias, validationAccuracy }
}

/**
 * How probable a readout finds each class: the softmax of its logits, `[rows, classes]`, row after row.
 *
 * @throws Error for rows of another length than those it was fitted to
 * @throws TypeError for what is no readout or no rows
 */
export async function readProbabilities(
  readout: Pick<FittedReadout, 'dim' | 'classes' | 'weights' | 'bias'>,
  rows: Rows
): Promise<Float32Array> {
  checkGiven('readProbabilities', 'a readout, as fitReadout gives it', readout?.weights, 'list')
  checkGiven('readProbabilities', 'rows { values, dim }, as collectFeatures gives them', rows?.values, 'list')
  const { dim, classes, weights, bias } = readout
  if (rows.dim !== dim || rows.values.length % dim !== 0) {
    throw new Error(
      `readProbabilities: expected rows of ${dim} numbers, as the readout was fitted to, got ${rows.dim} ` +
        `(${rows.values.length} numbers in all). Take the level that it was fitted to.`
    )
  }
  const probabilities = own(() => {
    const features = tf.tensor2d(rows.values, [rows.values.length / dim, dim])
    return tf.softmax(tf.add(tf.matMul(features, tf.tensor2d(weights, [dim, classes])), tf.tensor1d(bias)))
  })
  const found = await probabilities.data<'float32'>()
  probabilities.dispose()
  return found
}
