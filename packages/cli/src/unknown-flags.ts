import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'

/**
 * Refuses a flag that a command does not know.
 *
 * @throws Error with the known flag that is spelled most like it
 */
export function refuseUnknownFlags(command: string, args: ArgsDef, given: readonly string[]): void {
  const flags = Object.entries(args).filter(([, { type }]) => type !== 'positional')
  const options = Object.fromEntries(flags.map(([name, { type }]) => [name, { type: type === 'boolean' ? 'boolean' as const : 'string' as const }]))
  const known = flags.flatMap(([name, { type }]) => (type === 'boolean' ? [name, `no-${name}`] : [name]))
  const { tokens } = parseArgs({ args: [...given], options, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind !== 'option' || known.includes(token.name)) continue
    if (flags.length === 0) throw new Error(`${command}: expected no options, got ${token.rawName}. Leave it out.`)
    const listed = flags.map(([name]) => `--${name}`).join(', ')
    throw new Error(`${command}: expected options among ${listed}, got ${token.rawName}. Did you mean --${nearest(token.name, known)}?`)
  }
}

/** The word that takes the fewest edits to reach. */
function nearest(word: string, words: readonly string[]): string {
  return words.reduce((best, other) => (edits(word, other) < edits(word, best) ? other : best))
}

/** Letters to insert, delete or replace to make one word the other (Levenshtein 1966). */
function edits(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1]
    for (let column = 0; column < to.length; column++) {
      current.push(Math.min(above[column + 1]! + 1, current[column]! + 1, above[column]! + (letter === to[column] ? 0 : 1)))
    }
    above = current
  }
  return above.at(-1)!
}
