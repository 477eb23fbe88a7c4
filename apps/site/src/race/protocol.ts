import type { BackendChoice, Span } from 'lapstrake'

export interface RaceRequest {
  readonly seed: number
  /** Steps of each lane. */
  readonly steps: number
  /** Looks at what each lane has learned after every so many steps. */
  readonly lookEvery: number
}

/** What the race tells of itself, in the order in which it happens. A lane is its place among all. */
export type RaceEvent =
  | { readonly kind: 'backend'; readonly choice: BackendChoice }
  | { readonly kind: 'data'; readonly name: string; readonly size: number }
  | { readonly kind: 'plan'; readonly lane: number; readonly spans: readonly Span[] }
  | {
      readonly kind: 'step'
      readonly lane: number
      /** From 1. */
      readonly step: number
      /** One for each unit, the lowest first. */
      readonly losses: readonly number[]
      readonly milliseconds: number
      /** The most that its turn held at once above what rests between steps. */
      readonly peakBytes: number
    }
  /** Accuracy of a linear readout of the top stage, on unseen images. */
  | {
      readonly kind: 'accuracy'
      readonly lane: number
      readonly step: number
      readonly accuracy: number
      readonly chance: number
    }
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly message: string }
