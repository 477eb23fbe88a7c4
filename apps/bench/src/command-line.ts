// What the benchmarks understand of their command lines.

/**
 * The words of the command line, with the Python that has torch behind a `--peer` that names none: parseArgs knows no
 * option whose value may be left out.
 */
export const wordsWithPeer = (): string[] =>
  process.argv
    .slice(2)
    .flatMap((word, i, words) =>
      word === '--peer' && (words[i + 1] ?? '--').startsWith('--') ? ['--peer=/usr/bin/python3'] : [word]
    )

/** The members of a list that were named, or all. */
export function chosenFrom<T>(
  what: string,
  all: readonly T[],
  nameOf: (one: T) => string,
  names?: string
): readonly T[] {
  const wanted = names?.split(',')
  const stranger = wanted?.find(name => !all.some(one => nameOf(one) === name))
  if (stranger !== undefined)
    throw new Error(`bench: expected ${what} among ${all.map(nameOf).join(', ')}, got ${stranger}.`)
  return all.filter(one => wanted?.includes(nameOf(one)) ?? true)
}

export function wholeNumber(text: string, least = 1): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least)
    throw new RangeError(`bench: expected a whole number of ${least} or more, got ${text}.`)
  return number
}
