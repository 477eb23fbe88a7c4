import { checkOptions, seeded } from '@lapstrake/core'
import { checkFeatures, type Features } from './features.ts'
import { fitClassifier, pick } from './linear-classifier.ts'
import { checkChoices } from './linear-probe.ts'
import { spreadOf } from './spread.ts'

export interface LowLabelProbeOptions {
  /** Labels of each class, a whole number; or a part of those there are, below 1: 0.01 is one in a hundred. */
  readonly labels: number
  /** How often they are drawn. */
  readonly draws?: number | undefined
  /** Decides which are drawn. */
  readonly seed?: number | undefined
  /** Part of the labels that chooses the regularisation. */
  readonly validation?: number | undefined
  /** Strengths to choose from, as `linearProbe` has them. */
  readonly strengths?: readonly number[] | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** What few labels are worth. */
export interface LowLabelReadout {
  /** What was asked for. */
  readonly labels: number
  /** How many labels of all classes that came to. */
  readonly examples: number
  /** Mean accuracy on the test examples over the draws, from 0 to 1. */
  readonly accuracy: number
  /** Its standard deviation over the draws; unknown of one. */
  readonly deviation?: number | undefined
  readonly draws: number
}

/**
 * How much a linear classifier reads when few of the training examples have labels: some of each class are drawn, the
 * classifier of `linearProbe` is fitted to them, and again, with other ones (as Hénaff et al. 2020,
 * https://arxiv.org/abs/1905.09272, and Chen et al. 2020, table 7, measure with 1 and 10 % of ImageNet's labels, there
 * by fine-tuning; here the features stay as they are).
 *
 * A part is taken of each class, one label at the least. The same seed draws the same labels, for any features of the
 * same examples.
 *
 * @throws Error for features of different length, fewer than two classes, or test labels unseen in training
 * @throws RangeError for more labels of a class than there are, labels that are neither a whole number nor a part,
 * draws that are no whole number above 0, and for what `linearProbe` refuses
 */
export async function lowLabelProbe(
  train: Features,
  test: Features,
  options: LowLabelProbeOptions
): Promise<LowLabelReadout> {
  checkOptions<LowLabelProbeOptions>('lowLabelProbe', options, {
    labels: 'number',
    draws: 'number',
    seed: 'number',
    validation: 'number',
    strengths: 'list',
    onProgress: 'function'
  })
  const { labels, draws = 5, seed = 0, validation = 0.2, strengths = [1, 1e-1, 1e-2, 1e-3], onProgress } = options
  checkChoices('lowLabelProbe', validation, strengths)
  checkDraws('lowLabelProbe', labels, draws)
  const random = seeded(seed)
  const classes = checkFeatures('lowLabelProbe', train, test)
  const rows = rowsOfClasses(train.labels, classes, labels)
  const accuracies: number[] = []
  for (let draw = 0; draw < draws; draw++) {
    const drawn = rows.flatMap(({ all, count }, label) => {
      const order = random.split(draw, label).permutation(all.length)
      return Array.from(order.subarray(0, count), place => all[place]!)
    })
    const fitted = await fitClassifier(pick(train, Uint32Array.from(drawn)), {
      ...{ classes, validation, strengths },
      random: random.split(draw)
    })
    accuracies.push(await fitted.accuracyOn(test))
    onProgress?.(draw + 1, draws)
  }
  const { mean, deviation } = spreadOf(accuracies)
  const examples = rows.reduce((sum, { count }) => sum + count, 0)
  return { labels, examples, accuracy: mean, deviation, draws }
}

/** Insists on how many labels are drawn, and how often. */
export function checkDraws(who: string, labels: number, draws: number): void {
  if (!(labels > 0 && (labels < 1 || Number.isInteger(labels)))) {
    throw new RangeError(
      `${who}: expected labels of each class, a whole number, or a part below 1, got ${labels}. Try 10 or 0.01.`
    )
  }
  if (!Number.isInteger(draws) || draws < 1)
    throw new RangeError(`${who}: expected draws of 1 or more, a whole number, got ${draws}. Try 5.`)
}

interface RowsOfClass {
  readonly all: readonly number[]
  /** How many are drawn. */
  readonly count: number
}

function rowsOfClasses(labels: Int32Array, classes: number, wanted: number): readonly RowsOfClass[] {
  const all: number[][] = Array.from({ length: classes }, () => [])
  labels.forEach((label, row) => all[label]!.push(row))
  return all.map((rows, label) => {
    const count = wanted < 1 ? Math.min(rows.length, Math.max(1, Math.round(wanted * rows.length))) : wanted
    // A number that is no class, between others, has no examples and needs none.
    if (count <= rows.length || rows.length === 0) return { all: rows, count: Math.min(count, rows.length) }
    throw new RangeError(
      `lowLabelProbe: expected ${wanted} labels of every class, got ${rows.length} of class ${label}. Ask for fewer.`
    )
  })
}
