import { didYouMean } from 'lapstrake'
import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { UsageError } from './usage-error.ts'

/** A flag as it was typed. */
interface Flag {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  /** Whether it stands behind an equals sign. */
  readonly inlineValue: boolean | undefined
}

/** A flag may say that it may be given again, which citty does not know. */
interface Repeatable {
  readonly repeated?: boolean
}

/**
 * Refuses flags that a command does not know, that stand there twice, or that have no value where they need one or one
 * where they need none; more names of files than it takes, where `many` takes any number; and none where it needs one.
 * A flag whose definition says `repeated` may stand there more than once.
 *
 * @throws UsageError that says how to type it, with the known flag that is spelled most like an unknown one
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
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (!known.includes(token.name)) {
      if (flags.length === 0)
        throw new UsageError(`${command}: expected no options, got ${token.rawName}. Leave it out.`)
      const listed = flags.map(([name]) => `--${name}`).join(', ')
      throw new UsageError(
        `${command}: expected options among ${listed}, got ${token.rawName}.${didYouMean(token.name, known, '--')}`
      )
    }
    const name = Object.hasOwn(options, token.name) ? token.name : token.name.slice('no-'.length)
    if (seen.has(name) && !(args[name] as Repeatable).repeated)
      throw new UsageError(`${command}: expected --${name} once, got it again. Leave one of them out.`)
    seen.add(name)
    refuseValue(command, token, options[token.name]?.type === 'string')
  }
  const names = Object.entries(args).filter(([, { type }]) => type === 'positional')
  const words = tokens.flatMap(token => (token.kind === 'positional' ? [token.value] : []))
  const extra = words[names.length]
  if (!many && extra !== undefined) {
    const wanted = names.length === 0 ? 'options only' : `one ${names.map(([name]) => name).join(' and one ')}`
    throw new UsageError(`${command}: expected ${wanted}, got ${extra} as well. Leave it out.`)
  }
  const lacking = names.findIndex(([, { required }], i) => (required === true && !words[i]) || words[i] === '')
  if (lacking >= 0) {
    const [name, { description = name }] = names[lacking]!
    throw new UsageError(
      `${command}: expected ${inShort(description)}, got nothing. ` +
        `Name it, as in: lapstrake ${command} <${name}>; --help tells more.`
    )
  }
}

/** What follows a flag is its value, unless that is a flag itself: `--out=-x` says that it is meant. */
function refuseValue(command: string, { rawName, value, inlineValue }: Flag, wantsOne: boolean): void {
  const isAnother = inlineValue !== true && value !== undefined && /^-(?!\d|$)/.test(value)
  if (wantsOne && (!value || isAnother)) {
    throw new UsageError(
      `${command}: expected something behind ${rawName}, got ${value || 'nothing'}. Leave it out, or name a value.`
    )
  }
  if (!wantsOne && value !== undefined && !(value === 'true' || value === 'false'))
    throw new UsageError(`${command}: expected ${rawName} without a value, got ${value}. Write ${rawName} alone.`)
}

/** The first clause of a description, as a sentence goes on with it. */
const inShort = (description: string): string =>
  `${description.charAt(0).toLowerCase()}${/^[^,;.]*/.exec(description.slice(1))![0]}`
