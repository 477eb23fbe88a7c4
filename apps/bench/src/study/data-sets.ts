// What the study learns from.
import { cifar10, imageFolder, shapes, type Data, type ImageDataset, type ImageShape } from 'lapstrake'

export type DataName = 'drawn shapes' | 'CIFAR-10' | 'tiny-imagenet-20'

interface DataSet {
  /** Opens nothing. */
  data(): Data<ImageDataset>
  readonly shape: ImageShape
}

export const dataSets: Readonly<Record<DataName, DataSet>> = {
  'drawn shapes': { data: () => shapes(), shape: [28, 28, 3] },
  'CIFAR-10': { data: () => cifar10(), shape: [32, 32, 3] },
  'tiny-imagenet-20': {
    data: () => imageFolder(`${process.env.LAPSTRAKE_DATA ?? 'data'}/tiny-imagenet-20`, { size: 64, test: 'val' }),
    shape: [64, 64, 3]
  }
}
