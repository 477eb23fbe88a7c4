import { checkWhole, longestEdge } from '../whole-number.ts'
import { checkPlaces, type Dataset, type Examples } from './dataset.ts'
import { decode } from './decode.ts'
import { FileFault } from './open-file.ts'
import { UnreadableExample, type Unreadable } from './unreadable-example.ts'

export interface DecodedOptions {
  /** Height and width that every image is brought to: scaled to cover, then cut from the middle. */
  readonly length: number
  /**
   * Most bytes of decoded pixels that stay in memory, of the first images that were read; 256 MB when left out, 0 for
   * none.
   */
  readonly keep?: number | undefined
}

/** What a data set of compressed images has to say of itself. */
export interface DecodedSource {
  /** Who reads, for messages. */
  readonly who: string
  readonly name: string
  readonly classes: readonly string[]
  readonly labels: Int32Array
  /** What a person calls an example. */
  readonly nameOf: (example: number) => string
  /** An image as it lies on the disk. */
  readonly bytesOf: (example: number) => Promise<Uint8Array<ArrayBuffer>>
}

/** Before anything is listed. */
export function checkDecoded(who: string, { length, keep = 0 }: Partial<DecodedOptions> = {}): void {
  checkWhole(who, 'length', length as number, 1, longestEdge)
  if (!(typeof keep === 'number' && keep >= 0)) {
    const got = typeof keep === 'number' ? keep : JSON.stringify(keep)
    throw new RangeError(`${who}: expected keep to be a number of bytes, got ${got}. Leave it out for 256 MB.`)
  }
}

/**
 * A data set whose images are decoded as they are asked for. Pixels stay in memory as long as there is room for them:
 * an epoch shows every image once, so whichever are kept save the same, and none is given up for another.
 */
export function decoded(source: DecodedSource, { length, keep = 256e6 }: DecodedOptions): Dataset {
  const { who, name, classes, labels, nameOf, bytesOf } = source
  const each = length * length * 3
  const kept = new Map<number, Uint8Array>()
  const pixels = async (example: number): Promise<Uint8Array> => {
    const known = kept.get(example)
    if (known !== undefined) return known
    const fresh = await decode(() => bytesOf(example), length)
    if ((kept.size + 1) * each <= keep) kept.set(example, fresh)
    return fresh
  }
  return {
    name,
    classes,
    labels,
    shape: [length, length, 3],
    size: labels.length,
    async read(chosen): Promise<Examples> {
      checkPlaces(name, chosen, labels.length)
      const images = new Uint8Array(chosen.length * each)
      const faults = new Map<number, FileFault>()
      await Promise.all(
        Array.from(chosen, async (example, place) => {
          try {
            images.set(await pixels(example), place * each)
          } catch (error) {
            if (!(error instanceof FileFault)) throw error
            faults.set(example, error)
          }
        })
      )
      const [first, ...others] = [...new Set(Array.from(chosen))]
        .filter(place => faults.has(place))
        .map((place): Unreadable => ({ place, example: nameOf(place), reason: faults.get(place)!.message }))
      if (first !== undefined) throw new UnreadableExample([first, ...others], { who, cause: faults.get(first.place) })
      return { images, labels: Int32Array.from(chosen, example => labels[example]!) }
    }
  }
}
