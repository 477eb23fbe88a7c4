import { didYouMean } from 'lapstrake'
import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'

/**
 * Refuses flags that a command does not know, and more names of files than it takes; `many` takes any number.
 *
 * @throws Error with the known flag that is spelled most like it
 */
export function refuseUnknownWords(
  command: string,
  args: ArgsDef,
  given: readonly string[],
  { many = false }: { readonly many?: boolean } = {}
): void {
  const flags = Object.entries(args).filter(([, { type }]) => type !== 'positional')
  const options = Object.fromEntries(
    flags.map(([name, { type }]) => [name, { type: type === 'boolean' ? ('boolean' as const) : ('string' as const) }])
  )
  const known = flags.flatMap(([name, { type }]) => (type === 'boolean' ? [name, `no-${name}`] : [name]))
  const { tokens } = parseArgs({ args: [...given], options, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind !== 'option' || known.includes(token.name)) continue
    if (flags.length === 0) throw new Error(`${command}: expected no options, got ${token.rawName}. Leave it out.`)
    const listed = flags.map(([name]) => `--${name}`).join(', ')
    throw new Error(
      `${command}: expected options among ${listed}, got ${token.rawName}.${didYouMean(token.name, known, '--')}`
    )
  }
  const names = Object.entries(args)
    .filter(([, { type }]) => type === 'positional')
    .map(([name]) => name)
  const extra = tokens.filter(({ kind }) => kind === 'positional')[names.length]
  if (!many && extra?.kind === 'positional') {
    const wanted = names.length === 0 ? 'options only' : `one ${names.join(' and one ')}`
    throw new Error(`${command}: expected ${wanted}, got ${extra.value} as well. Leave it out.`)
  }
}
