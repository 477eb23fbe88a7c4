import castagnoli from 'crc-32/crc32c.js'

/**
 * CRC-32C of some bytes, or of a text in UTF-8, from 0 to 2³² − 1. It differs for certain when one bit is flipped, or
 * any within 32 that follow each other, and else with all but a chance of one in four billions: it guards against
 * accident, not against intent.
 *
 * @param before the checksum of what stands before `content`, to go on from: a file may be read in pieces
 * @see Castagnoli et al. 1993, https://doi.org/10.1109/26.231911
 */
export const crc32c = (content: Uint8Array | string, before = 0): number =>
  castagnoli.buf(typeof content === 'string' ? new TextEncoder().encode(content) : content, before) >>> 0
