/** Pixels as bytes: grey, red, green and blue, or these with transparency, row after row. */
export interface BytePixels {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly height: number
  readonly width: number
  readonly channels: 1 | 3 | 4
}

/** What becomes red, green and blue: the bytes of a file, pixels, or what a page can draw. */
export type Picture =
  | { readonly file: Uint8Array }
  | { readonly pixels: BytePixels }
  | { readonly drawn: ImageBitmapSource }

/** How a picture is brought to a size: scaled to cover it, then cut from the middle. */
export interface PictureOptions {
  readonly height: number
  readonly width: number
  /** What shows through transparent pixels. */
  readonly background: readonly [red: number, green: number, blue: number]
}
