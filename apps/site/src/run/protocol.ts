import type { BackendName, Span, StepMetrics } from 'lapstrake'

/** Where a run takes its images from. */
export type DataChoice =
  /** The recipe's own; shapes where it has none, or the site does not serve them. */
  | { readonly kind: 'recipe' }
  /** Others, by their place in the menu of `other-data.ts`. */
  | { readonly kind: 'other'; readonly place: number }
  /** The reader's own images: a zip, or the files of a folder with their paths. They never leave the machine. */
  | { readonly kind: 'files'; readonly files: readonly OwnFile[] }

export interface OwnFile {
  /** Beneath the folder that was dropped; folders are classes as `imageFolder` has them. */
  readonly path: string
  readonly file: File
}

/** How a run begins. */
export interface RunRequest {
  /** The recipe's file, such as `03-loco.ts`. */
  readonly recipe: string
  /** Its TypeScript as the reader left it. */
  readonly source: string
  readonly data: DataChoice
  readonly seed: number
  readonly backend: BackendName | 'auto'
  /** Takes a GPU in software, for tests. */
  readonly acceptSoftware?: boolean | undefined
  /** Ends after so many steps; as many as the recipe says when left out. */
  readonly steps?: number | undefined
  /** A run that was saved, to go on with. */
  readonly resume?: Uint8Array | undefined
}

/** How embeddings `[n, dim]` become points in the plane. */
export type MapMethod = 'pca' | 'umap'

/** What the page tells its worker: first `start`, the others between steps. */
export type Command =
  | { readonly kind: 'start'; readonly request: RunRequest }
  /** The method of the maps from now on, and one map at once. */
  | { readonly kind: 'map'; readonly method: MapMethod }
  /** Asks for a `saved` event. */
  | { readonly kind: 'save' }
  /** Asks for a `weights` event. */
  | { readonly kind: 'export' }
  /** Asks for an `encoder` event. */
  | { readonly kind: 'encoder' }
  /** Ends training after the step under way: `done` is told, and what was learned stays to be asked for. */
  | { readonly kind: 'stop' }
  /** Asks for `alive`. */
  | { readonly kind: 'ping' }

/** What may be asked of a run between its steps, and when it is over. */
export type Question = Exclude<Command, { kind: 'start' | 'stop' | 'ping' }>

/** Why a run failed: what the reader wrote, the data, the backend, or the training itself. */
export type Blame = 'recipe' | 'data' | 'backend' | 'training'

/** What the worker tells, in the order in which it happens. */
export type RunEvent =
  | {
      readonly kind: 'backend'
      readonly name: BackendName
      readonly description: string
      readonly refused: readonly { readonly name: BackendName; readonly reason: string }[]
    }
  /** Long work before the first step: a download, decoding, shaders. */
  | { readonly kind: 'progress'; readonly what: string; readonly done: number; readonly total?: number | undefined }
  | {
      readonly kind: 'data'
      readonly name: string
      readonly size: number
      readonly shape: readonly [height: number, width: number, channels: number]
      readonly classes: readonly string[]
      /** Files that could not be used, and why. */
      readonly skipped: readonly { readonly path: string; readonly reason: string }[]
    }
  | {
      readonly kind: 'plan'
      readonly name: string
      readonly stages: number
      readonly spans: readonly Span[]
      readonly steps: number
      readonly batchSize: number
    }
  | { readonly kind: 'step'; readonly metrics: StepMetrics }
  /** Some images as the network sees them: pixels RGBA of each view of each example. */
  | {
      readonly kind: 'views'
      readonly height: number
      readonly width: number
      readonly examples: readonly (readonly Uint8ClampedArray<ArrayBuffer>[])[]
    }
  /** What the nearest neighbours of each stage's features tell about the classes, 0 to 1; stage 0 is the pixels. */
  | {
      readonly kind: 'accuracy'
      readonly step: number
      readonly stages: readonly number[]
      /** Of guessing: one of so many classes. */
      readonly chance: number
      /** Of always saying the most common class. */
      readonly mostCommon: number
    }
  /** Embeddings of the top stage in the plane, `x, y` after `x, y`, with their classes. */
  | {
      readonly kind: 'map'
      readonly method: MapMethod
      readonly step: number
      readonly points: Float32Array
      readonly labels: Int32Array
      readonly classes: readonly string[]
    }
  /** The images whose embeddings are mapped, told once before the first map: pixels RGBA of one after the other. */
  | {
      readonly kind: 'mapped'
      readonly height: number
      readonly width: number
      readonly pixels: Uint8ClampedArray<ArrayBuffer>
    }
  /** With the question that could not be answered, where it is about one. */
  | { readonly kind: 'warning'; readonly message: string; readonly question?: Question['kind'] | undefined }
  | { readonly kind: 'saved'; readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'weights'; readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** What `loadEncoder` opens. */
  | { readonly kind: 'encoder'; readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'done'; readonly steps: number; readonly interrupted: boolean }
  | {
      readonly kind: 'error'
      readonly blame: Blame
      readonly message: string
      /** In the recipe, from 1. */
      readonly line?: number | undefined
    }
  /** The GPU is gone, and the worker ends; with the run as it was last kept, where it was. */
  | {
      readonly kind: 'lost'
      readonly step: number
      readonly message: string
      readonly kept?: { readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> } | undefined
    }
  | { readonly kind: 'alive' }
  /** Made by the page: the worker has not answered for so long. */
  | { readonly kind: 'silent'; readonly seconds: number }

/** Tells the page. */
export type Tell = (event: RunEvent) => void
