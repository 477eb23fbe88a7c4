/** A grid of pixels, each seen through the taps of a filter. Offsets and strides are in pixels of the source. */
export interface Product {
  readonly source: number
  readonly target: number
  readonly images: number
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly columns: number
  /** Outputs, rows and columns. */
  readonly grid: readonly [number, number]
  /** From output to output, in the source. */
  readonly stride: readonly [number, number]
  readonly taps: readonly Tap[]
  /** The right factor: its numbers begin here, and lie so far apart. */
  readonly filter: { readonly address: number; readonly channelStride: number; readonly columnStride: number }
  /** Where outputs go, when not side by side. */
  readonly place?:
    | {
        readonly size: readonly [number, number]
        readonly stride: readonly [number, number]
        readonly first: readonly [number, number]
      }
    | undefined
  readonly bias?: number | undefined
  readonly activation?: number | undefined
}

export interface Tap {
  readonly y: number
  readonly x: number
  /** Where its part of the filter begins, in numbers. */
  readonly place: number
}
