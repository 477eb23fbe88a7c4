/**
 * What a certificate is about. It is asked of a run when all is learned, and so is no field of the experiment: a recipe
 * file exports it beside, as `export const certificate = { negatives: 1 }`, for `lapstrake certify` to read.
 */
export interface CertificateOptions {
  /** Negatives of each anchor. Tuples of an anchor and its negatives share no example, unless `dependence` says so. */
  readonly negatives: number
  /**
   * The examples of the training data that count, from the first up to, not including, the second; all when left out.
   */
  readonly examples?: readonly [from: number, to: number] | undefined
  /** The unit whose embeddings count; the uppermost when left out. */
  readonly unit?: string | undefined
  /**
   * T: so many tuples on either side a tuple depends on. Then every example is an anchor, whose tuple shares examples
   * with `negatives` others on either side, and the certificate is by χ². Of independent tuples by KL, when left out.
   */
  readonly dependence?: number | undefined
  /** What is known about the classes, for a bound on the error of a mean classifier, too. */
  readonly supervised?: SupervisedOptions | undefined
  /** The grid of the objective, where that is not the usual one. */
  readonly precision?: number | undefined
  readonly largestVariance?: number | undefined
}

/** What turns a contrastive bound into one for a mean classifier. */
export interface SupervisedOptions {
  /** τ: the chance that a negative is of its anchor's class, one over the number of classes when those are even. */
  readonly sameClass: number
  /** Embeddings longer than this are shortened to it, 1 when left out, for the bounded loss must be convex. */
  readonly longest?: number | undefined
}
