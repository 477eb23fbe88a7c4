import { cifar10, fashionMnist, shapes, type Data, type ImageDataset } from '@lapstrake/data'

/** Data that a reader may choose in place of the recipe's own. */
export interface OtherData {
  /** What the menu says. */
  readonly said: string
  readonly data: Data<ImageDataset>
  /** Training examples of a served data set that are fetched; all when left out. */
  readonly limit?: number | undefined
}

const few = { limit: 4000 }

export const drawn: Data<ImageDataset> = shapes({ limit: 2000, tests: 500 })

/** The page's menu. */
export const otherData: readonly OtherData[] = [
  { said: 'Drawn shapes (no download)', data: drawn },
  { said: 'Fashion-MNIST, its first images', data: fashionMnist(few), ...few },
  { said: 'Fashion-MNIST, all of it', data: fashionMnist() },
  { said: 'CIFAR-10, its first images', data: cifar10(few), ...few }
]
