import { shown } from './shown.ts'

/** What an option may be: one of the types, or one of a list of words. `undefined` is always allowed. */
export type OptionKind = OptionType | readonly OptionType[] | { readonly among: readonly unknown[] }

/** Types that an option may have; a `list` is an array, a `record` any other object. */
export type OptionType = 'number' | 'boolean' | 'string' | 'function' | 'list' | 'record'

/** The kind of every option of a function, so that none is forgotten. */
export type OptionKinds<Options> = { readonly [Name in keyof Options]-?: OptionKind }

/**
 * Refuses what are no options of a function, before it does anything: a value where options belong, a name that it does
 * not know, a value of another type, and a word that is none of the choices. Ranges are the function's own affair.
 *
 * @param who whom the error names, as it is called
 * @throws TypeError that says what was expected, what came, and which name or word is nearest
 */
export function checkOptions<Options extends object>(who: string, options: Options, kinds: OptionKinds<Options>): void {
  const names = Object.keys(kinds)
  if (typeOf(options) !== 'record')
    throw new TypeError(`${who}: expected options, as in { ${names[0]}: … }, got ${shown(options)}.`)
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof Options] : undefined
    if (kind === undefined)
      throw new TypeError(`${who}: expected options among ${names.join(', ')}, got ${name}.${didYouMean(name, names)}`)
    if (value !== undefined) checkValue(who, name, value, kind)
  }
}

/**
 * Refuses an argument of another type, or none at all.
 *
 * @param what is expected, in words, with an example where that helps
 * @throws TypeError that says what was expected and what came
 */
export function checkGiven(who: string, what: string, value: unknown, type: OptionType | readonly OptionType[]): void {
  if (![type].flat().some(one => one === typeOf(value)))
    throw new TypeError(`${who}: expected ${what}, got ${shown(value)}.`)
}

function checkValue(who: string, name: string, value: unknown, kind: OptionKind): void {
  const choices = typeof kind === 'object' && 'among' in kind ? kind.among : undefined
  const allowed = choices ?? [kind as OptionType | readonly OptionType[]].flat()
  if (allowed.includes(choices ? value : typeOf(value))) return
  const expected = allowed.map(one => (choices ? shown(one) : `a ${one as OptionType}`))
  const nearest = choices && typeof value === 'string' ? didYouMean(value, choices.map(String)) : ''
  throw new TypeError(`${who}: expected ${name} to be ${expected.join(' or ')}, got ${shown(value)}.${nearest}`)
}

const typeOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value) || ArrayBuffer.isView(value)
      ? 'list'
      : typeof value === 'object'
        ? 'record'
        : typeof value

/**
 * A question whether the nearest of some words was meant, with a space before it; nothing where none is near.
 *
 * @param before what stands before a word where it is typed, such as `--`
 */
export function didYouMean(word: string, known: readonly string[], before = ''): string {
  const distances = known.map(one => distance(word.toLowerCase(), one.toLowerCase()))
  const least = Math.min(...distances)
  return least <= Math.max(2, word.length / 2) ? ` Did you mean ${before}${known[distances.indexOf(least)]}?` : ''
}

/** Letters to put in, take out or change to make one word of another (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++)
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + Number(a[i - 1] !== b[j - 1])))
  }
  return row[b.length]!
}
