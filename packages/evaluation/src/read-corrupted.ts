import { checkGiven, checkOptions, own, seeded, type Context, type Random } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { checkFeatures, checkPool, collectFeatures, type Pool } from './features.ts'
import { fitClassifier, usualChoices } from './linear-classifier.ts'
import type { LeftOut, Readable } from './read-whole.ts'

/** A change of test images that nobody trained for. */
export interface Corruption {
  readonly kind: string
  readonly severity: number
  /** Makes other images of a batch, the same for the same randomness: `corrupt({ kind, severity })` of the data. */
  readonly change: (images: tf.Tensor4D, random: Random) => tf.Tensor
}

export interface ReadCorruptedOptions {
  readonly train: Readable
  readonly test: Readable
  readonly corruptions: readonly Corruption[]
  readonly pool?: Pool | undefined
  readonly batchSize?: number | undefined
  /** Decides what is drawn, and which examples choose the regularisation. */
  readonly seed?: number | undefined
  /** Told what is being done, in words. */
  readonly onProgress?: ((what: string) => void) | undefined
}

/** What a classifier reads from corrupted images. */
export interface CorruptedReadout {
  readonly kind: string
  readonly severity: number
  /** Accuracy on the test examples, from 0 to 1. */
  readonly linear: number
}

/** What a readout makes of the test examples as they are, and of each corruption of them. */
export interface CorruptedReadouts {
  /** Accuracy on the test examples as they are. */
  readonly clean: number
  /** In the order of the corruptions. */
  readonly readouts: readonly CorruptedReadout[]
  /** The mean of these. */
  readonly mean: number
  /** Examples that could not be read, and count for nothing. */
  readonly unreadable: readonly LeftOut[]
}

/**
 * How a linear readout holds when images are corrupted: the classifier of `linearProbe` learns from features of clean
 * training images, and is asked about those of test images under each corruption (the measure of Hendrycks & Dietterich
 * 2019, https://arxiv.org/abs/1903.12261, as accuracies instead of errors, and not divided by those of AlexNet).
 *
 * `encode` gets images `[batch, height, width, channels]` from 0 to 1, corrupted as the data set has them; its results
 * are freed here.
 *
 * @throws Error and RangeError as `collectFeatures` and `linearProbe` do, and Error without a corruption
 */
export async function readCorrupted(
  encode: (images: tf.Tensor, context?: Context) => tf.Tensor,
  options: ReadCorruptedOptions
): Promise<CorruptedReadouts> {
  checkOptions<ReadCorruptedOptions>('readCorrupted', options, {
    train: 'record',
    test: 'record',
    corruptions: 'list',
    pool: ['string', 'record'],
    batchSize: 'number',
    seed: 'number',
    onProgress: 'function'
  })
  const { train, test, corruptions, pool = 'mean', batchSize, seed = 0, onProgress } = options
  checkPool('readCorrupted', pool)
  checkGiven('readCorrupted', 'an encoder, as in images => network.encode(variables, images)', encode, 'function')
  checkGiven('readCorrupted', 'corruptions, as in [{ kind, severity, change }]', corruptions, 'list')
  for (const one of corruptions)
    checkGiven('readCorrupted', 'a change of images in each corruption', (one as Corruption | null)?.change, 'function')
  if (corruptions.length === 0) throw new Error('readCorrupted: expected a corruption or more, got none.')
  const random = seeded(seed)
  const collect = (dataset: Readable, what: string, seen: typeof encode): ReturnType<typeof collectFeatures> =>
    collectFeatures(dataset, seen, {
      ...{ pool, batchSize },
      onProgress: (done, total) => onProgress?.(`Features of ${what} examples: ${done} of ${total}`)
    })
  const known = await collect(train, 'training', encode)
  const asked = await collect(test, 'test', encode)
  const classes = checkFeatures('readCorrupted', known, asked)
  onProgress?.('Reading out what is clean')
  const classifier = await fitClassifier(known, { ...usualChoices, classes, random })
  const readouts: CorruptedReadout[] = []
  for (const { kind, severity, change } of corruptions) {
    const draw = random.split(kind, severity)
    let batch = 0
    const features = await collect(test, `${kind} ${severity}`, (images, context) =>
      own(() => encode(change(images as tf.Tensor4D, draw.split(batch++)), context))
    )
    checkFeatures('readCorrupted', known, features)
    readouts.push({ kind, severity, linear: await classifier.accuracyOn(features) })
  }
  return {
    clean: await classifier.accuracyOn(asked),
    readouts,
    mean: readouts.reduce((sum, { linear }) => sum + linear, 0) / readouts.length,
    unreadable: [...known.unreadable, ...asked.unreadable]
  }
}
