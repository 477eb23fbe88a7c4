import { typed } from './collated-by.ts'

/**
 * Insists on pixels from 0 to 255: floats from 0 to 1 would be cut to black.
 *
 * @param expected the beginning of the sentence
 * @throws TypeError for anything else
 */
export function checkBytes(expected: string, pixels: unknown): asserts pixels is Uint8Array | Uint8ClampedArray {
  if (pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray) return
  throw new TypeError(
    `${expected} as a Uint8Array of pixels from 0 to 255, got ${typed(pixels)}. ` +
      'Of values from 0 to 1 make one by Uint8Array.from(values, value => Math.round(255 * value)).'
  )
}
