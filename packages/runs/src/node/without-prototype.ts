/** A record of names that may be anything: one that has no `constructor` unless it was given one. */
export const withoutPrototype = <T>(
  entries: readonly (readonly [name: string, value: T])[]
): Readonly<Record<string, T>> =>
  Object.assign(Object.create(null), Object.fromEntries(entries)) as Readonly<Record<string, T>>
