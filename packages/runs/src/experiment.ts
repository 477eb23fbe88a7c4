import { own, seeded, type Recipe, type Shape, type Teacher } from '@lapstrake/core'
import type { Dataset, MakeViews, Sampler } from '@lapstrake/data'
import type { CertificateField } from './certificate-field.ts'
import type { FreezeField } from './freezing.ts'
import * as tf from '@tensorflow/tfjs-core'

/** A recipe and how long to follow it. What a recipe file exports. */
export interface Experiment extends Recipe {
  readonly name: string
  /** Augments the images. */
  readonly views: MakeViews
  /** Examples in a step; each is seen once for every view. */
  readonly batchSize: number
  /** Times that every example is seen, in whole numbers; Infinity to train until the signal. */
  readonly epochs: number
  /** Which examples an epoch shows, and in which order; every one, shuffled, when left out. */
  readonly sampler?: Sampler | undefined
  /** Learns from a batch in parts of so many examples; the gradient is that of the whole batch. */
  readonly microBatch?: number | undefined
  readonly teacher?: TrainedTeacher | undefined
  /** Ends a unit's learning once its loss no longer falls; when none is left, training ends. */
  readonly freeze?: FreezeField | undefined
  /** What `lapstrake certify` bounds, for stochastic stages. */
  readonly certificate?: CertificateField | undefined
  /**
   * Data to use when nobody says otherwise: `shapes`, `fashion-mnist`, `mnist`, `cifar10`, `cifar100` or a folder of
   * images.
   */
  readonly data?: string | undefined
  /** Uses only the first training examples. */
  readonly examples?: number | undefined
}

/** A teacher, and where its weights come from. */
export type TrainedTeacher = Teacher & {
  /** The unit whose head the teacher is read through, when it has one. */
  readonly unit?: string | undefined
} & (
    | {
        /**
         * The bytes of `weights.safetensors` of an earlier run: `() => readFile('runs/teacher/weights.safetensors')`,
         * or a fetch in the browser.
         */
        weights(): Promise<Uint8Array | ArrayBuffer>
      }
    | {
        /** An experiment with the teacher's backbone, trained first on the same data with the same seed. */
        readonly trainedBy: Experiment
      }
  )

/** The shape of what enters an experiment's network, without the batch axis: that of a view, found by making one. */
export function inputShapeOf({ views }: Experiment, dataset: Pick<Dataset, 'shape'>): Shape {
  const [first] = own(() => views(tf.zeros([1, ...dataset.shape]) as tf.Tensor4D, seeded(0))).map(view => {
    const shape = view.shape.slice(1)
    view.dispose()
    return shape
  })
  return first!
}
