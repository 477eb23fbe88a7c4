import type { OptionKinds } from '@lapstrake/core'
import { checkSignal } from '@lapstrake/data'
import type { RunOptions } from './run-options.ts'

/** What the options of a run are, and of what trains one. */
export const runKinds: OptionKinds<RunOptions> = {
  dataset: 'record',
  seed: 'number',
  resume: 'list',
  force: 'boolean',
  diagnoseEvery: 'number',
  signal: 'record'
}

/**
 * Insists on options of a run within their ranges.
 *
 * @throws TypeError for what is no signal, such as its controller, or no bytes
 * @throws RangeError for a seed or an interval that is no whole number of 0 or more
 */
export function checkRunOptions(who: string, { seed = 0, resume, diagnoseEvery = 0, signal }: RunOptions): void {
  for (const [name, value] of Object.entries({ seed, diagnoseEvery })) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${who}: expected ${name} to be a whole number of 0 or more, got ${value}. Try 0.`)
  }
  if (resume !== undefined && !(resume instanceof Uint8Array))
    throw new TypeError(`${who}: expected resume to be the bytes of a run, got ${String(resume).slice(0, 60)}.`)
  checkSignal(who, signal)
}
