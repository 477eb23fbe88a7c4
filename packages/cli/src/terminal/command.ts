import { defineCommand, type ArgsDef, type CommandDef, type CommandMeta } from 'citty'
import { quietly } from './stop-quietly.ts'
import { refuseUnknownWords } from './unknown-words.ts'

/**
 * A command whose arguments are typed inside and nobody's business outside. It refuses flags that it does not know, and
 * more names than it takes.
 */
export const command = <const T extends ArgsDef>(
  definition: CommandDef<T> & { meta: CommandMeta & { name: string }; args?: T },
  options: { readonly many?: boolean } = {}
): CommandDef =>
  defineCommand({
    ...definition,
    setup: ({ rawArgs }) =>
      quietly(async () => refuseUnknownWords(definition.meta.name, definition.args ?? {}, rawArgs, options))
  }) as unknown as CommandDef
