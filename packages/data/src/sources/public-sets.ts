import { checkOptions } from '@lapstrake/core'
import { openCifar10, openCifar100, openFashionMnist, openMnist } from '#openers'
import { dataOf, type Data, type OpenOptions, type Split } from './data.ts'
import type { ImageDataset } from '../datasets/images.ts'

/** How much of a public data set is used. */
export interface LimitOptions {
  /** Only the first so many training examples. */
  readonly limit?: number | undefined
}

/**
 * CIFAR-10: 50,000 and 10,000 colour images, 32 × 32, in ten classes (Krizhevsky 2009). Looked for, in
 * `LAPSTRAKE_DATA/cifar10` and the user's cache, as the official binary archive, else as an archive of JPEGs
 * `cifar10-jpeg-q75-60k.tar.gz` (lossy: the data set's name says so); downloaded otherwise. A page fetches it from
 * where it is served.
 *
 * @throws RangeError for a limit that is no whole number above 0, TypeError for what is none of the options
 */
export const cifar10 = (options?: LimitOptions): Data<ImageDataset> => published('cifar10', openCifar10, options)

/**
 * CIFAR-100: 50,000 and 10,000 colour images, 32 × 32, in a hundred classes (Krizhevsky 2009). Looked for in
 * `LAPSTRAKE_DATA/cifar100` and the user's cache, else downloaded. A page fetches it from where it is served.
 *
 * @throws RangeError for a limit that is no whole number above 0, TypeError for what is none of the options
 */
export const cifar100 = (options?: LimitOptions): Data<ImageDataset> => published('cifar100', openCifar100, options)

/**
 * MNIST: 60,000 and 10,000 handwritten digits, 28 × 28 (LeCun et al. 1998). Looked for in `LAPSTRAKE_DATA/mnist` and
 * the user's cache, else downloaded. A page fetches it from where it is served.
 *
 * @throws RangeError for a limit that is no whole number above 0, TypeError for what is none of the options
 */
export const mnist = (options?: LimitOptions): Data<ImageDataset> => published('mnist', openMnist, options)

/**
 * Fashion-MNIST: 60,000 and 10,000 grey images of clothes, 28 × 28, in ten classes (Xiao et al. 2017,
 * https://arxiv.org/abs/1708.07747). Looked for in `LAPSTRAKE_DATA/fashion-mnist` and the user's cache, else
 * downloaded. A page fetches it from where it is served.
 *
 * @throws RangeError for a limit that is no whole number above 0, TypeError for what is none of the options
 */
export const fashionMnist = (options?: LimitOptions): Data<ImageDataset> =>
  published('fashionMnist', openFashionMnist, options, 'fashion-mnist')

type Open = (split: Split, options: OpenOptions) => Promise<ImageDataset>

function published(who: string, open: Open, options: LimitOptions = {}, name = who): Data<ImageDataset> {
  checkOptions(who, options, { limit: 'number' })
  const { limit } = options
  return dataOf({ name, limit, train: options => open('train', options), test: options => open('test', options) })
}
