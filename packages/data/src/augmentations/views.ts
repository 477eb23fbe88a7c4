import { own, type Owned, type Random, type Views } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import type { Augment } from './compose.ts'

/** Looks at a batch of images more than once. */
export type MakeViews = (images: tf.Tensor4D, random: Random) => Owned<Views<tf.Tensor4D>>

/** Two looks through one augmentation. */
export const twoViews = (augment: Augment): MakeViews => (images, random) =>
  own(() => [augment(images, random.split('view', 0)), augment(images, random.split('view', 1))] as const)

/** Two full looks and `count` small ones (multi-crop, Caron et al. 2020, section 3.3, https://arxiv.org/abs/2006.09882). */
export const multiCrop = ({ global, local, count }: { readonly global: Augment; readonly local: Augment; readonly count: number }): MakeViews =>
  (images, random) => own(() => [
    global(images, random.split('view', 0)), global(images, random.split('view', 1)),
    ...Array.from({ length: count }, (_, i) => local(images, random.split('local', i)))
  ] as const)
