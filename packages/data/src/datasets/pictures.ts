import type { DecodedOptions } from './decoded-options.ts'
import { FileFault } from './file-fault.ts'
import { imageDataset, type ImageDataset, type ImageExample } from './images.ts'
import { UnreadableExample, type Unreadable } from './unreadable-example.ts'

/** What a data set of compressed images has to say of itself. */
export interface PicturesSource {
  /** Who reads, for messages. */
  readonly who: string
  readonly name: string
  readonly classes: readonly string[]
  readonly labels: Int32Array
  readonly leftOut: readonly string[]
  /** What a person calls an example. */
  readonly nameOf: (example: number) => string
  /**
   * Red, green and blue of an image, in the size of the data set.
   *
   * @throws FileFault if it cannot be decoded
   */
  readonly pixelsOf: (example: number) => Promise<Uint8Array>
}

/**
 * A data set whose images are decoded as they are asked for. Pixels stay in memory as long as there is room for them:
 * an epoch shows every image once, so whichever are kept save the same, and none is given up for another.
 */
export function pictures(source: PicturesSource, { size, keep = 256e6 }: DecodedOptions): ImageDataset {
  const { who, name, classes, labels, leftOut, nameOf, pixelsOf } = source
  const each = size * size * 3
  const kept = new Map<number, Uint8Array>()
  const pixels = async (example: number): Promise<Uint8Array> => {
    const known = kept.get(example)
    if (known !== undefined) return known
    const fresh = await pixelsOf(example)
    if ((kept.size + 1) * each <= keep) kept.set(example, fresh)
    return fresh
  }
  return imageDataset({
    name,
    classes,
    labels,
    leftOut,
    nameOf,
    shape: [size, size, 3],
    size: labels.length,
    async read(chosen): Promise<readonly ImageExample[]> {
      const faults = new Map<number, FileFault>()
      const images = await Promise.all(
        Array.from(chosen, async example => {
          try {
            return await pixels(example)
          } catch (error) {
            if (!(error instanceof FileFault)) throw error
            faults.set(example, error)
            return new Uint8Array()
          }
        })
      )
      const [first, ...others] = [...new Set(Array.from(chosen))]
        .filter(place => faults.has(place))
        .map((place): Unreadable => ({ place, example: nameOf(place), reason: faults.get(place)!.message }))
      if (first !== undefined) throw new UnreadableExample([first, ...others], { who, cause: faults.get(first.place) })
      return images.map((image, i) => ({ image, label: labels[chosen[i]!]! }))
    }
  })
}
