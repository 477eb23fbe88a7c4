/** For blocks that keep their channels, and yet say beforehand how many come out. */
export function checkChannels(who: string, filters: number, channels: number): void {
  if (channels !== filters)
    throw new RangeError(`${who}: expected ${filters} channels, got ${channels}. Give it the channels that enter it.`)
}
