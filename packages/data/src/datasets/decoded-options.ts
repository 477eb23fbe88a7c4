import type { OptionKinds } from '@lapstrake/core'
import { checkWhole, longestEdge } from '../whole-number.ts'

/** How compressed images are read. */
export interface DecodedOptions {
  /** Height and width that every image is brought to: scaled to cover, then cut from the middle. */
  readonly size: number
  /**
   * Most bytes of decoded pixels that stay in memory, of the first images that were read; 256 MB when left out, 0 for
   * none.
   */
  readonly keep?: number | undefined
  /** What shows through transparent pixels: red, green and blue from 0 to 255; white when left out. */
  readonly background?: readonly [red: number, green: number, blue: number] | undefined
}

/** For `checkOptions` of whatever decodes. */
export const decodedKinds: OptionKinds<DecodedOptions> = { size: 'number', keep: 'number', background: 'list' }

/** Before anything is listed. */
export function checkDecoded(who: string, { size, keep = 0, background = white }: DecodedOptions): void {
  checkWhole(who, 'size', size, 1, longestEdge)
  if (!(keep >= 0))
    throw new RangeError(`${who}: expected keep to be a number of bytes, got ${keep}. Leave it out for 256 MB.`)
  checkBackground(who, background)
}

/** What shows through transparent pixels where nothing is said. */
export const white = [255, 255, 255] as const

/** Red, green and blue. */
export function checkBackground(who: string, background: readonly unknown[]): void {
  const isByte = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255
  if (background.length !== 3 || !background.every(isByte)) {
    throw new RangeError(
      `${who}: expected a background [red, green, blue] of whole numbers from 0 to 255, ` +
        `got ${JSON.stringify(background)}. Leave it out for white.`
    )
  }
}
