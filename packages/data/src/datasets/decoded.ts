import type { Dataset, Examples } from './dataset.ts'

export interface DecodedOptions {
  /** Height and width that every image is brought to: scaled to cover, then cut from the middle. */
  readonly length: number
  /** Most bytes of decoded pixels that stay in memory, of the first images that were read; 256 MB when left out, 0 for none. */
  readonly keep?: number
}

/** What a data set of compressed images has to say of itself. */
export interface DecodedSource {
  readonly name: string
  readonly classes: readonly string[]
  readonly labels: Int32Array
  /** Red, green and blue of one image. */
  readonly pixelsOf: (example: number) => Promise<Uint8Array>
}

/**
 * A data set whose images are decoded as they are asked for. Pixels stay in memory as long as there is room for them: an epoch shows every image
 * once, so whichever are kept save the same, and none is given up for another.
 */
export function decoded({ name, classes, labels, pixelsOf }: DecodedSource, { length, keep = 256e6 }: DecodedOptions): Dataset {
  const each = length * length * 3
  const kept = new Map<number, Uint8Array>()
  const pixels = async (example: number): Promise<Uint8Array> => {
    const known = kept.get(example)
    if (known !== undefined) return known
    const fresh = await pixelsOf(example)
    if ((kept.size + 1) * each <= keep) kept.set(example, fresh)
    return fresh
  }
  return {
    name, classes, labels,
    shape: [length, length, 3],
    size: labels.length,
    async read(chosen): Promise<Examples> {
      const images = new Uint8Array(chosen.length * each)
      await Promise.all(Array.from(chosen, async (example, place) => images.set(await pixels(example), place * each)))
      return { images, labels: Int32Array.from(chosen, example => labels[example]!) }
    }
  }
}
