export { autoAugment, type AutoAugmentOptions } from './augmentations/auto-augment.ts'
export { colorJitter, type ColorJitterOptions } from './augmentations/color-jitter.ts'
export { compose, type Augment } from './augmentations/compose.ts'
export { gaussianBlur, type GaussianBlurOptions } from './augmentations/gaussian-blur.ts'
export { drawGeometry, type Geometry, type GeometryRange } from './augmentations/geometry.ts'
export { collateInstances, instanceCrop, throughGeometry, type InstanceExample } from './augmentations/instances.ts'
export { simclr, type SimclrOptions } from './augmentations/presets.ts'
export { randAugment, type RandAugmentOptions } from './augmentations/rand-augment.ts'
export { randomResizedCrop, type RandomResizedCropOptions } from './augmentations/random-resized-crop.ts'
export { solarize, type SolarizeOptions } from './augmentations/solarize.ts'
export { multiCrop, twoViews, type MultiCropOptions, type View, type ViewHalves } from './augmentations/views.ts'
export { corrupt, corruptionKinds, type CorruptOptions } from './corruptions/corrupt.ts'
export type { CorruptionKind } from './corruptions/severities.ts'
export { checkDataset, pick, subset, type Collated, type Dataset, type SubsetOptions } from './datasets/dataset.ts'
export {
  imageDataset,
  isImageDataset,
  type ImageDataset,
  type ImageExample,
  type ImageShape
} from './datasets/images.ts'
export { inMemory, type ImagesInMemory } from './datasets/in-memory.ts'
export type { GivenLabels } from './datasets/numbered-classes.ts'
export type { NestedPixels, PixelsInMemory } from './datasets/pixels-in-memory.ts'
export { drawShapes, type DrawShapesOptions } from './datasets/draw-shapes.ts'
export { UnreadableExample, type Unreadable, type UnreadableOptions } from './datasets/unreadable-example.ts'
export { decodeNpz, encodeNpz } from './npz/npz.ts'
export type { DecodedNpyArray, NpyArray, NpyData } from './npz/npy.ts'
export { bytesFrom, type BytesSource } from './reading/bytes-from.ts'
export { readImages, type ImageSource, type Pixels, type ReadImagesOptions } from './reading/read-images.ts'
export { loader, type LoadedBatch, type Loader, type LoaderOptions, type Position } from './loader.ts'
export { bytesToFetch, NotServed, servedSets, type ServedPart, type ServedSet } from './served/open-served.ts'
export {
  classBalanced,
  grouped,
  inOrder,
  shuffled,
  type ClassBalancedOptions,
  type GroupedOptions,
  type Sampler
} from './samplers.ts'
export { checkSignal } from './sources/check-signal.ts'
export {
  dataOf,
  isData,
  type Data,
  type DataParts,
  type OpenOptions,
  type OpenProgress,
  type Part,
  type Split
} from './sources/data.ts'
export { holdOut, type HeldOut, type HoldOutOptions } from './sources/hold-out.ts'
export { LacksPart } from './sources/lacks-part.ts'
export {
  imageFolder,
  webDataset,
  type ImageFolderOptions,
  type Shards,
  type WebDatasetOptions
} from './sources/folders.ts'
export { imageFiles, type ImageFilesOptions } from './sources/image-files.ts'
export type { FileAt } from './sorted-files.ts'
export { longTailed, type LongTailedOptions } from './sources/long-tailed.ts'
export { npz, type NpzOptions } from './sources/npz.ts'
export { cifar10, cifar100, fashionMnist, mnist, type LimitOptions } from './sources/public-sets.ts'
export { shapes, type ShapesOptions } from './sources/shapes.ts'
export type { Replaced } from './stand-ins.ts'
export { batchOf, hasHostHalf, viewsOf, type BatchOfOptions } from './views-of.ts'
export { inWorkers, type InWorkersOptions } from './workers/in-workers.ts'
