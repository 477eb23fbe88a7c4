import type { OneOrNamed, Recipe, Teacher } from '@lapstrake/core'
import type { Data, Sampler, View } from '@lapstrake/data'

/**
 * A recipe and how long to follow it: all that decides what is learned, and nothing else. A recipe file exports it by
 * default. What a plugin brings goes into the field that it answers – when units learn into `schedule`, what they learn
 * into `loss` – and what is asked of a run afterwards into an export of its own.
 */
export interface Experiment extends Recipe {
  readonly name: string
  /** How each example is looked at, once or more: `twoViews(simclr({ size: 32, preset: 'cifar' }))`. */
  readonly views: readonly View[]
  /** Examples in a step; each is seen once for every view. */
  readonly batchSize: number
  /** Times that every example is seen, in whole numbers; Infinity to train until the signal. */
  readonly epochs: number
  /** Which examples an epoch shows, and in which order; every one, shuffled, when left out. */
  readonly sampler?: Sampler | undefined
  /** Learns from a batch in parts of so many examples; the gradient is that of the whole batch. */
  readonly microBatch?: number | undefined
  readonly teacher?: OneOrNamed<TrainedTeacher> | undefined
  /** What its stages begin with, where that is not drawn. */
  readonly begins?: Beginning | undefined
  /**
   * What it learns from where nobody gives another: `cifar10({ limit: 10_000 })`,
   * `imageFolder('photos', { size: 64 })`.
   */
  readonly data?: Data | undefined
}

/**
 * What stages begin with: what others learned. The rest – heads, losses, what optimizers remember – begins anew, so
 * that a first phase is an experiment and the second begins with it.
 */
export type Beginning = {
  /** So many stages from the bottom begin with it, all when left out. */
  readonly stages?: number | undefined
} & (
  | {
      /** The bytes of `weights.safetensors` of an earlier run. */
      weights(): Promise<Uint8Array | ArrayBuffer>
    }
  | {
      /** An experiment with the same stages, trained first on the same data with the same seed. */
      readonly trainedBy: Experiment
    }
)

/** A teacher, and where its weights come from. */
export type TrainedTeacher = Teacher & {
  /** The unit whose head the teacher is read through, when it has one; `unit0` when left out. It ends at the top. */
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
        /**
         * An experiment with the teacher's backbone, trained first on the same data with the same seed; once, where it
         * trains several teachers that read it in different places.
         */
        readonly trainedBy: Experiment
      }
  )
