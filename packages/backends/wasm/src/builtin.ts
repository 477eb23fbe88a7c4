/**
 * A module of Node's own, by its name; undefined in browsers. Not an import: bundlers for pages refuse all that begin
 * with `node:`.
 */
export const builtin: typeof process.getBuiltinModule | undefined =
  typeof process !== 'undefined' && process.versions?.node ? process.getBuiltinModule : undefined
