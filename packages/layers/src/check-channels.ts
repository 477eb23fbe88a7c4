/** For blocks that keep their channels, and yet say beforehand how many come out. */
export function checkChannels(who: string, filters: number, channels: number): void {
  if (channels !== filters)
    throw new RangeError(`${who}: expected ${filters} channels, got ${channels}. Give it the channels that enter it.`)
}

/** How many channels or numbers a layer may have; more would be a slip, and memory for it is taken at once. */
export const mostWide: number = 2 ** 16

/** How many layers or stages there may be. */
export const mostDeep: number = 1000

/**
 * Insists on what counts something in a network: a width, a stride, layers.
 *
 * @throws RangeError if it is not a whole number from 1 to `most`
 */
export function checkWhole(who: string, name: string, value: number, most: number = mostWide): void {
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`${who}: expected a whole number above 0 for ${name}, got ${value}.`)
  if (value > most) throw new RangeError(`${who}: expected ${most} or less for ${name}, got ${value}.`)
}
