import { parseArgs } from 'node:util'
import type { Settings } from '@lapstrake/runs/node'
import { UsageError } from './usage-error.ts'

/** What `--set` is, for every command that reads a recipe. */
export const setOption = {
  type: 'string',
  repeated: true,
  description:
    "A value in place of the recipe's, such as batchSize=32 or an option that its file exports; once for each"
} as const

/**
 * What `--set` said, each time that it stands there.
 *
 * @throws UsageError for what is no value for a place, and for a place twice
 */
export function settingsGiven(given: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...given],
    options: { set: { type: 'string', multiple: true } },
    strict: false
  })
  const settings = new Map<string, string>()
  for (const word of (values.set ?? []) as readonly string[]) {
    const [, place, text] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    if (place === undefined)
      throw new UsageError(`--set: expected a place and its value, such as batchSize=32, got ${word}.`)
    if (settings.has(place)) throw new UsageError(`--set: expected ${place} once, got it again. Leave one of them out.`)
    settings.set(place, text!)
  }
  return Object.fromEntries(settings)
}
