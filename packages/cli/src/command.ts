import { defineCommand, type ArgsDef, type CommandDef } from 'citty'

/** A command whose arguments are typed inside and nobody's business outside. */
export const command = <const T extends ArgsDef>(definition: CommandDef<T>): CommandDef =>
  defineCommand(definition) as unknown as CommandDef
