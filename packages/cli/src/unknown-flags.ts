import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { closest } from 'fastest-levenshtein'

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
    throw new Error(`${command}: expected options among ${listed}, got ${token.rawName}. Did you mean --${closest(token.name, known)}?`)
  }
}
