import { defineCommand, type ArgsDef, type CommandDef, type CommandMeta } from 'citty'
import { refuseUnknownWords } from './unknown-words.ts'

/** A command, and what it refuses of the words behind it. */
export type Command = CommandDef & {
  /** @throws Error for flags that it does not know, and for names too many or too few */
  readonly refuse: (given: readonly string[]) => void
}

/**
 * A command whose arguments are typed inside and nobody's business outside.
 *
 * @param options whether it takes any number of names
 */
export const command = <const T extends ArgsDef>(
  definition: CommandDef<T> & { meta: CommandMeta & { name: string }; args?: T },
  options: { readonly many?: boolean } = {}
): Command => ({
  ...(defineCommand(definition) as unknown as CommandDef),
  refuse: given => {
    refuseUnknownWords(definition.meta.name, definition.args ?? {}, given, options)
  }
})
