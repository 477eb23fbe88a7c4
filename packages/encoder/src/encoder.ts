import type { Owned, Shape } from '@lapstrake/core'
import type { ImageSource, ReadImagesOptions } from '@lapstrake/data'
import type * as tf from '@tensorflow/tfjs-core'

/** What makes features: a trained network at inference, wherever it came from. */
export interface Encoder {
  /** The shape at each level, without the batch: the first is that of the inputs, the last that of the top. */
  readonly shapes: readonly Shape[]
  /**
   * What the network makes of some inputs.
   *
   * @param inputs `[batch, ...shapes[0]]`; images have values from 0 to 1
   * @returns what leaves the stage asked for, `[batch, ...]`
   * @throws Error for inputs of another shape
   * @throws RangeError for a level that there is not
   */
  encode(inputs: tf.Tensor, options?: EncodingOptions): Owned<tf.Tensor>
  /**
   * One image or a list of them, whatever they are, as inputs of {@link Encoder.encode}: files, addresses, `Blob`s,
   * pixels, as `readImages` takes them.
   *
   * @throws Error, TypeError and RangeError as `readImages` does
   */
  read(images: ImageSource | readonly ImageSource[], options?: ReadImagesOptions): Promise<Owned<tf.Tensor>>
  /** Frees the weights. */
  dispose(): void
}

export interface EncodingOptions {
  /** What is read: 0 for the inputs, `n` for what leaves the `n`-th stage; the top when left out. */
  readonly level?: number | undefined
  /** Whether maps `[batch, height, width, channels]` become rows `[batch, channels]`, their means; no when left out. */
  readonly pooled?: boolean | undefined
}
