import { checkFeatures, type Features } from './features.ts'

/** How often a mean classifier is right, from 0 to 1. */
export interface MeanClassifierResult {
  /**
   * Between two classes: the mean over all pairs of them, whose examples count alike within a pair. 0.5 by guessing.
   */
  readonly avg2: number
  /** Among all classes. */
  readonly top1: number
  /** The same, where the best five count; 1 for five classes or fewer, ties aside. */
  readonly top5: number
}

/**
 * The mean classifier: a test example is of the class whose mean training row has the largest inner product with its
 * own. Rows are taken as they come and nothing is fitted, so that one class with long rows wins over all where lengths
 * say nothing. What a contrastive loss bounds is about this classifier. A tie is an error, as in the zero-one loss.
 *
 * Sums are in double precision.
 *
 * @throws RangeError for features that are not finite
 * @throws Error for features of different length, fewer than two classes, or test labels unseen in training
 * @see Arora et al. 2019, definition 2.2 and section 6.1, https://arxiv.org/abs/1902.09229; its accuracies: Nozawa et
 * al. 2020, table 1, https://arxiv.org/abs/1910.04464
 */
export function meanClassifier(train: Features, test: Features): MeanClassifierResult {
  const classes = checkFeatures('meanClassifier', train, test)
  const means = meansOf(train, classes)
  const unseen = test.labels.find(label => means[label] === undefined)
  if (unseen !== undefined)
    throw new Error(
      `meanClassifier: expected training examples of every class that is asked for, got none of class ${unseen}. ` +
        'Take more training examples.'
    )
  const asked = new Float64Array(classes) // test examples of a class
  const ahead = new Float64Array(classes * classes) // how many of them are nearer to its mean than to another's
  const within = (most: number, ranks: readonly number[]): number => ranks.filter(rank => rank <= most).length
  const ranks = Array.from(test.labels, (label, i) => {
    const row = test.values.subarray(i * test.dim, (i + 1) * test.dim)
    const own = dot(row, means[label]!)
    asked[label]!++
    let rank = 1
    means.forEach((mean, other) => {
      if (other === label) return
      if (own > dot(row, mean)) ahead[label * classes + other]!++
      else rank++
    })
    return rank
  })
  return {
    avg2: meanOverPairs(asked, ahead, Object.keys(means).map(Number)),
    top1: within(1, ranks) / ranks.length,
    top5: within(5, ranks) / ranks.length
  }
}

/** The mean row of each class; a hole for a class without any. */
function meansOf({ values, labels, dim }: Features, classes: number): readonly Float64Array[] {
  const counts = new Float64Array(classes)
  const means: Float64Array[] = []
  labels.forEach((label, i) => {
    const sum = (means[label] ??= new Float64Array(dim))
    counts[label]!++
    for (let j = 0; j < dim; j++) sum[j]! += values[i * dim + j]!
  })
  means.forEach((sum, label) => sum.forEach((value, j) => (sum[j] = value / counts[label]!)))
  return means
}

function dot(row: Float32Array, mean: Float64Array): number {
  let sum = 0
  for (let j = 0; j < row.length; j++) sum += row[j]! * mean[j]!
  return sum
}

/** Over the pairs of classes that a test example asks about. */
function meanOverPairs(asked: Float64Array, ahead: Float64Array, known: readonly number[]): number {
  const accuracies = known.flatMap((a, i) =>
    known.slice(i + 1).flatMap(b => {
      const examples = asked[a]! + asked[b]!
      const right = ahead[a * asked.length + b]! + ahead[b * asked.length + a]!
      return examples === 0 ? [] : [right / examples]
    })
  )
  return accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length
}
