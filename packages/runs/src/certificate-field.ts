/** What a certificate of an experiment is about: an {@link Experiment} names it, `certify` finds it. */
export interface CertificateField {
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
