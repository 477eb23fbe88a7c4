import { defineCommand, type ArgsDef, type CommandDef, type CommandMeta } from 'citty'
import { quietly } from './stop-quietly.ts'
import { refuseUnknownFlags } from './unknown-flags.ts'

/** A command whose arguments are typed inside and nobody's business outside. It refuses flags that it does not know. */
export const command = <const T extends ArgsDef>(definition: CommandDef<T> & { meta: CommandMeta & { name: string }; args?: T }): CommandDef =>
  defineCommand({
    ...definition,
    setup: ({ rawArgs }) => quietly(async () => refuseUnknownFlags(definition.meta.name, definition.args ?? {}, rawArgs))
  }) as unknown as CommandDef
