import { checkGiven, checkOptions } from '@lapstrake/core'
import { pick, type Dataset } from '../datasets/dataset.ts'
import { dataOf, isData, type Data } from './data.ts'

export interface LongTailedOptions {
  /** How many times as many examples the most frequent class has as the rarest; 1 leaves all alike. */
  readonly ratio: number
}

/**
 * Data whose classes are of unequal size: of class `c` of `C` the first `n · ratio^(−c / (C − 1))` examples, rounded
 * down, in the order of the data; `n` is how many the smallest class has. A limit is of the examples that these are
 * chosen from, so that the tail keeps its form. What is tested with stays as it is.
 *
 * @throws RangeError for a ratio below 1
 * @throws TypeError for what is no data
 * @throws Error when opened, if the data set does not tell its labels without reading every example, has unknown ones
 * or a single class, or if nothing is left of the rarest
 * @see Cui et al. 2019, section 5.1, https://arxiv.org/abs/1901.05555
 */
export function longTailed<D extends Dataset>(data: Data<D>, options: LongTailedOptions): Data<D> {
  checkOptions<LongTailedOptions>('longTailed', options, { ratio: 'number' })
  checkGiven('longTailed', 'data, such as cifar10()', data, 'record')
  const { ratio } = options
  if (!isData(data)) throw new TypeError('longTailed: expected data to choose from, such as cifar10().')
  if (!(ratio >= 1 && Number.isFinite(ratio)))
    throw new RangeError(`longTailed: expected a ratio of 1 or more, got ${ratio}. Try 100.`)
  const name = `${data.name}-long-tail-${ratio}`
  return dataOf<D>({
    name,
    train: async options => {
      const whole = await data.open('train', options)
      return { ...pick(whole, placesOf(whole, ratio)), name }
    },
    test: options => data.open('test', options)
  })
}

function placesOf({ name, labels }: Dataset, ratio: number): Uint32Array {
  if (labels === undefined || labels.some(label => label < 0))
    throw new Error(
      `longTailed: expected a label for every example, but ${name} does not have them all. Use data with labels.`
    )
  const counts = new Map<number, number>()
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1)
  const classes = [...counts.keys()].sort((a, b) => a - b)
  if (classes.length < 2)
    throw new Error(`longTailed: expected two classes or more, got ${classes.length} in ${name}. Use other data.`)
  const most = Math.min(...counts.values())
  // A little more than nothing, so that a whole number stays one.
  const kept = new Map(
    classes.map((label, c) => [label, Math.floor(most * ratio ** (-c / (classes.length - 1)) + 1e-9)])
  )
  if (kept.get(classes.at(-1)!)! < 1)
    throw new Error(
      `longTailed: expected the rarest class to keep an example, but ${most} over ${ratio} leaves none in ${name}. ` +
        'Take more examples or a smaller ratio.'
    )
  const seen = new Map<number, number>()
  return Uint32Array.from(
    [...labels.keys()].filter(place => {
      const label = labels[place]!
      const before = seen.get(label) ?? 0
      seen.set(label, before + 1)
      return before < kept.get(label)!
    })
  )
}
