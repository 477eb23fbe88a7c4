import type { Shape } from '@lapstrake/core'

/** Stands in a shape for a length that grows with the batch. */
export const open = -1

/** One shape of two, for two images and for three, with {@link open} where they differ. */
export const common = ([two, three]: readonly [Shape, Shape]): Shape =>
  two.map((length, axis) => (length === three[axis] ? length : open))

/** Says whether a number that is so for two images and so for three is that of the images. */
export const isBatch = (two: number, three: number): boolean => two === 2 && three === 3

/** @throws Error that names a kernel which cannot be written for a batch of any size */
export function refuseBatch(kernel: string): never {
  throw new Error(
    `toOnnx: expected ${kernel} to leave the images of a batch apart, but it depends on how many there are. ` +
      `Keep the batch as an axis of its own.`
  )
}
