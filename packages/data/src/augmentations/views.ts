import { own, type Owned, type Random, type Views } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { checkWhole } from '../whole-number.ts'
import type { Augment } from './compose.ts'

/** Looks at a batch of images more than once. */
export type MakeViews = (images: tf.Tensor4D, random: Random) => Owned<Views<tf.Tensor4D>>

/** Two looks through one augmentation. */
export const twoViews =
  (augment: Augment): MakeViews =>
  (images, random) =>
    own(() => [augment(images, random.split('view', 0)), augment(images, random.split('view', 1))] as const)

const mostLooks = 1000

/**
 * Two full looks and `count` small ones (multi-crop, Caron et al. 2020, section 3.3, https://arxiv.org/abs/2006.09882).
 *
 * @throws RangeError for a count that is no whole number from 0 to 1000
 */
export function multiCrop({
  global,
  local,
  count
}: {
  readonly global: Augment
  readonly local: Augment
  readonly count: number
}): MakeViews {
  checkWhole('multiCrop', 'count', count, 0, mostLooks)
  return (images, random) =>
    own(
      () =>
        [
          global(images, random.split('view', 0)),
          global(images, random.split('view', 1)),
          ...Array.from({ length: count }, (_, i) => local(images, random.split('local', i)))
        ] as const
    )
}
