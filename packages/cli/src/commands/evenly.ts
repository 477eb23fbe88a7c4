/** So many of `count` places in equal steps, from the first on; all where there are no more. */
export const evenly = (count: number, most: number = count): readonly number[] =>
  Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor((i * count) / Math.min(count, most)))
