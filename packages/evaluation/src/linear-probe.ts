import { checkOptions, seeded } from '@lapstrake/core'
import { checkFeatures, type Features } from './features.ts'
import { fitClassifier, usualChoices, type LinearClassifier } from './linear-classifier.ts'

export interface LinearProbeOptions {
  /** Part of the training examples that chooses the regularisation. */
  readonly validation?: number | undefined
  /** Strengths to choose from: factors of half the squared weights, beside the mean cross-entropy. */
  readonly strengths?: readonly number[] | undefined
  /** Decides which examples validate. */
  readonly seed?: number | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** What a linear probe found. */
export interface LinearProbeResult {
  /** Accuracy on the test examples, from 0 to 1. */
  readonly accuracy: number
  /** The same of the validation examples, at the strength chosen. */
  readonly validationAccuracy: number
  readonly strength: number
  readonly iterations: number
  /** Whether the last fit reached its tolerance. */
  readonly converged: boolean
}

/**
 * How much a linear classifier reads from frozen features: multinomial logistic regression on features standardised
 * with the training examples, fitted to convergence by L-BFGS; the strength of the L2 regularisation is chosen on a
 * part of the training examples, then all of them are fitted again.
 *
 * @throws Error for features of different length, fewer than two classes, or test labels unseen in training
 * @throws RangeError for features that are not finite, a validation part that is not between 0 and 1, or strengths that
 * are not 0 or above
 */
export async function linearProbe(
  train: Features,
  test: Features,
  options: LinearProbeOptions = {}
): Promise<LinearProbeResult> {
  const found = await fittedTo('linearProbe', train, test, options)
  const { validationAccuracy, strength, iterations, converged } = found
  return { accuracy: await found.accuracyOn(test), validationAccuracy, strength, iterations, converged }
}

/** Checks what was given to `who`, and fits a classifier to the training features. */
export async function fittedTo(
  who: string,
  train: Features,
  test: Features,
  options: LinearProbeOptions
): Promise<LinearClassifier & { readonly classes: number }> {
  checkOptions<LinearProbeOptions>(who, options, {
    validation: 'number',
    strengths: 'list',
    seed: 'number',
    onProgress: 'function'
  })
  const { validation = usualChoices.validation, strengths = usualChoices.strengths, seed = 0, onProgress } = options
  checkChoices(who, validation, strengths)
  const classes = checkFeatures(who, train, test)
  const random = seeded(seed)
  return { classes, ...(await fitClassifier(train, { classes, validation, strengths, random, onProgress })) }
}

/** Insists on a part that chooses, and on what is to be chosen. */
export function checkChoices(who: string, validation: number, strengths: readonly number[]): void {
  if (!(validation > 0 && validation < 1)) {
    throw new RangeError(`${who}: expected a validation part between 0 and 1, got ${validation}. Try 0.1.`)
  }
  if (strengths.length > 0 && strengths.every(strength => strength >= 0 && strength < Infinity)) return
  throw new RangeError(`${who}: expected strengths of 0 or above, got [${strengths.join(', ')}]. Leave them out.`)
}
