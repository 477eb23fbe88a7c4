/**
 * What a certificate is about. It is asked of a run when all is learned, and so is no field of the experiment: a recipe
 * file exports it beside, as `export const certificate = { negatives: 1 }`, for `lapstrake certify` to read.
 */
export interface CertificateOptions {
  /** Negatives of each anchor. Tuples of an anchor and its negatives share no example. */
  readonly negatives: number
  /**
   * The examples of the training data that count, from the first up to, not including, the second; all when left out.
   */
  readonly examples?: readonly [from: number, to: number] | undefined
  /** The unit whose embeddings count; the uppermost when left out. */
  readonly unit?: string | undefined
  /** The grid of the objective, where that is not the usual one. */
  readonly precision?: number | undefined
  readonly largestVariance?: number | undefined
}
