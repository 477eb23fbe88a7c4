import { closest, distance } from 'fastest-levenshtein'

/** A question whether a known name was meant, with a space before it; nothing where none is spelled alike. */
export function alike(name: string, known: readonly string[], before = ''): string {
  const nearest = closest(
    name.toLowerCase(),
    known.map(one => one.toLowerCase())
  )
  const meant = known.find(one => one.toLowerCase() === nearest)
  return meant === undefined || distance(name.toLowerCase(), nearest) > Math.max(2, name.length / 2)
    ? ''
    : ` Did you mean ${before}${meant}?`
}
