import { seeded } from '@lapstrake/core'
import { UnreadableExample } from './unreadable-example.ts'

/** Some examples of a data set. */
export interface Examples {
  /** Pixels from 0 to 255, example after example, each in the shape of the data set. */
  readonly images: Uint8Array
  /** The class of each example; -1 where it is unknown. */
  readonly labels: Int32Array
}

/** Labelled images of one shape, read as they are asked for. */
export interface Dataset {
  /** What to call it in a table; says so when it is not the original. */
  readonly name: string
  readonly classes: readonly string[]
  readonly shape: readonly [height: number, width: number, channels: number]
  readonly size: number
  /** The class of each example, -1 where it is unknown; present when it is known without reading the images. */
  readonly labels?: Int32Array | undefined
  /**
   * The examples at these places, in this order.
   *
   * @throws UnreadableExample if some of them cannot be read though others can
   * @throws RangeError for places beyond the data set
   */
  read(indices: ArrayLike<number>): Promise<Examples>
}

/** A data set whose pixels are in memory. */
export function inMemory({
  name,
  classes,
  shape,
  images,
  labels
}: Omit<Dataset, 'size' | 'read' | 'labels'> & Examples): Dataset {
  const length = shape[0] * shape[1] * shape[2]
  if (images.length !== labels.length * length) {
    throw new Error(
      `${name}: expected ${labels.length} images of ${shape.join(' × ')}, got ${images.length} bytes. ` +
        'The data may be cut short.'
    )
  }
  return {
    name,
    classes,
    shape,
    size: labels.length,
    labels,
    read: async indices => {
      checkPlaces(name, indices, labels.length)
      const some = { images: new Uint8Array(indices.length * length), labels: new Int32Array(indices.length) }
      for (let i = 0; i < indices.length; i++) {
        const from = indices[i]!
        some.images.set(images.subarray(from * length, (from + 1) * length), i * length)
        some.labels[i] = labels[from]!
      }
      return some
    }
  }
}

export interface SubsetOptions {
  readonly count: number
  /** The first of them, when they follow each other. */
  readonly from?: number | undefined
  /** Chooses them at random among all. */
  readonly seed?: number | undefined
}

/**
 * A part of a data set: examples that follow each other, the first ones when nothing else is said, or with a seed some
 * at random.
 *
 * @throws RangeError if there are fewer examples than asked for
 */
export function subset(dataset: Dataset, { count, from = 0, seed }: SubsetOptions): Dataset {
  if (!Number.isInteger(count) || count < 1 || count > dataset.size) {
    throw new RangeError(
      `subset: expected 1 to ${dataset.size} examples, for ${dataset.name} has no more, got ${count}.`
    )
  }
  if (!Number.isInteger(from) || from < 0 || from + count > dataset.size) {
    throw new RangeError(
      `subset: expected examples within 0 to ${dataset.size}, the size of ${dataset.name}, ` +
        `got ${from} to ${from + count}.`
    )
  }
  const chosen =
    seed === undefined
      ? Uint32Array.from({ length: count }, (_, i) => from + i)
      : seeded(seed).split('subset').permutation(dataset.size).slice(0, count)
  return pick(dataset, chosen)
}

/**
 * The examples of a data set at these places, in this order.
 *
 * @throws RangeError for places beyond the data set
 */
export function pick(dataset: Dataset, places: Uint32Array): Dataset {
  const { labels } = dataset
  checkPlaces(dataset.name, places, dataset.size)
  return {
    ...dataset,
    size: places.length,
    labels: labels && Int32Array.from(places, place => labels[place]!),
    read: async indices => {
      checkPlaces(dataset.name, indices, places.length)
      try {
        return await dataset.read(Uint32Array.from(indices, i => places[i]!))
      } catch (error) {
        if (!(error instanceof UnreadableExample)) throw error
        const asked = [...new Set(Array.from(indices))]
        throw error.at(place => asked.filter(i => places[i] === place))
      }
    }
  }
}

/** Examples are asked for by their places in a data set. */
export function checkPlaces(name: string, places: ArrayLike<number>, size: number): void {
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!
    if (Number.isInteger(place) && place >= 0 && place < size) continue
    throw new RangeError(`${name}: expected places from 0 to ${size - 1}, got ${place}. Take places of this data set.`)
  }
}
