import { own, UnreadableExample, type ImageDataset, type ImageExample, type Unreadable } from 'lapstrake'
import type { OpenRun } from '@lapstrake/runs/node'
import * as tf from '@tensorflow/tfjs-core'
import { fitted } from './fitted.ts'

/** Some images, and what a network makes of them. */
export interface Embedded {
  /** Where they stand in the data set. */
  readonly places: readonly number[]
  readonly examples: readonly ImageExample[]
  /** A row of features for each. */
  readonly rows: Float32Array
  /** Numbers in a row. */
  readonly dim: number
  /** Images that are done, these and those left out among them. */
  readonly done: number
}

export interface EmbeddedOptions {
  /** What is read, from 0 for the images to the top; the top when left out. */
  readonly level?: number | undefined
  /** Images that run at once; 64, fewer of large ones, when left out. */
  readonly batch?: number | undefined
  /** Makes rows of a batch of images, `[batch, ...]`, where they are not what the run encodes. */
  readonly rowsOf?: ((images: tf.Tensor) => tf.Tensor) | undefined
  readonly onUnreadable: (unreadable: Unreadable) => void
}

/** Batches that are read and decoded while the network runs. */
const ahead = 2
/** Pixels of a batch, where nobody says how many images it has. */
const pixelsAtOnce = 2 ** 20

/**
 * What a run makes of images, batch after batch: the means of maps over height and width. Files are decoded while the
 * network runs, and nothing stays behind. An image that cannot be read is told and left out.
 */
export async function* embedded(
  run: Pick<OpenRun, 'encode' | 'manifest'>,
  images: ImageDataset,
  { level, batch, rowsOf, onUnreadable }: EmbeddedOptions
): AsyncGenerator<Embedded, void, void> {
  const prepare = fitted(images, run.manifest.inputShape)
  const encode = rowsOf ?? ((input: tf.Tensor) => run.encode(input, { level, pooled: true }))
  const [height, width] = images.shape
  const size = batch ?? Math.max(1, Math.min(64, Math.floor(pixelsAtOnce / (height * width))))
  const reading: Promise<Readable>[] = []
  let next = 0
  const readAhead = (): void => {
    if (next >= images.size) return
    const end = Math.min(next + size, images.size)
    const found = readable(
      images,
      Array.from({ length: end - next }, (_, i) => next + i)
    )
    // An error is thrown where the batch is used, not where nobody listens.
    found.catch(() => {})
    reading.push(found)
    next = end
  }
  for (let done = 0; done < images.size; ) {
    while (reading.length <= ahead && next < images.size) readAhead()
    const { places, examples, unreadable } = await reading.shift()!
    unreadable.forEach(onUnreadable)
    done += places.length + unreadable.length
    if (places.length === 0) continue
    const rows = own(() => {
      const { input } = images.collate(examples)
      const features = encode(prepare?.(input) ?? input)
      return tf.reshape(features, [places.length, -1])
    })
    const values = await rows.data<'float32'>()
    const dim = rows.shape[1]!
    rows.dispose()
    yield { places, examples, rows: values, dim, done }
  }
}

interface Readable {
  readonly places: readonly number[]
  readonly examples: readonly ImageExample[]
  readonly unreadable: readonly Unreadable[]
}

/** Those of some images that can be read. */
async function readable(images: ImageDataset, asked: readonly number[]): Promise<Readable> {
  const unreadable: Unreadable[] = []
  for (let places = asked; ; ) {
    try {
      return { places, examples: places.length === 0 ? [] : await images.read(places), unreadable }
    } catch (error) {
      if (!(error instanceof UnreadableExample)) throw error
      const found = error.unreadable.filter(({ place }) => places.includes(place))
      if (found.length === 0) throw error
      unreadable.push(...found)
      places = places.filter(place => !found.some(one => one.place === place))
    }
  }
}
