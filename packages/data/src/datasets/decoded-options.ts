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
}

/** Before anything is listed. */
export function checkDecoded(who: string, { size, keep = 0 }: Partial<DecodedOptions> = {}): void {
  checkWhole(who, 'size', size as number, 1, longestEdge)
  if (!(typeof keep === 'number' && keep >= 0)) {
    const got = typeof keep === 'number' ? keep : JSON.stringify(keep)
    throw new RangeError(`${who}: expected keep to be a number of bytes, got ${got}. Leave it out for 256 MB.`)
  }
}
