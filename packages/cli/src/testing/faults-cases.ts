import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isReplacing } from '@lapstrake/runs/node'
import { runFaulty, type Fault, type Faulty, type Site } from './faults-run.ts'
import { prepare, type Scenario } from './faults-scenarios.ts'
import { differing, filesOf, wholeRun } from './faults-whole-run.ts'

/** A command of which a call is to fail. */
export interface Case {
  readonly scenario: Scenario
  readonly site: Site
  readonly fault: Fault
}

/** How it ended. */
export interface Outcome extends Case {
  readonly ended: 'as if nothing was' | 'with a warning' | 'with an error' | 'before the call came' | 'WRONGLY'
  /** What is wrong. */
  readonly wrong?: string
  readonly said: string
}

/**
 * The cases of some scenarios: at each place the first call, a middle one and the last fail; and, where it is about
 * files, all from the middle on. A tensor's place is the same however a run begins, and counts once; what happens to
 * files does not.
 */
export function casesOf(scenarios: readonly Scenario[]): readonly Case[] {
  const seen = new Set<string>()
  return scenarios.flatMap(scenario =>
    scenario.sites.flatMap(site => {
      const { kind, place, calls } = site
      const isNew = !seen.has(kind + place)
      seen.add(kind + place)
      if (!isNew && isOfMemory(kind)) return []
      const middle = Math.ceil(calls / 2)
      const once = [...new Set([1, middle, calls])].map(call => ({ kind, place, call, onwards: false }))
      const more = isOfMemory(kind) || calls === 1 ? [] : [{ kind, place, call: middle, onwards: true }]
      return [...once, ...more].map(fault => ({ scenario, site, fault }))
    })
  )
}

export const isOfMemory = (kind: string): boolean => ['array', 'block', 'grow', 'thread'].includes(kind)

/**
 * Has a call fail. A command that ends well must leave what an undisturbed one leaves, or say what it does not; one
 * that ends otherwise must say why, spoil nothing, and go on to the same bits as it says, or from its beginning.
 */
export async function outcomeOf(one: Case, out: string): Promise<Outcome> {
  const { scenario, fault } = one
  prepare(scenario, out)
  const first = await runFaulty(scenario.given(out), fault, out)
  const about = { ...one, said: first.stderr }
  const wrong = await (first.status === 0 ? wrongInSuccess(one, first, out) : wrongInFailure(one, first, out))
  if (wrong !== undefined) return { ...about, ended: 'WRONGLY', wrong }
  if (!first.struck) return { ...about, ended: 'before the call came' }
  if (first.status !== 0) return { ...about, ended: 'with an error' }
  return { ...about, ended: warningsIn(first).length > 0 ? 'with a warning' : 'as if nothing was' }
}

function wrongInSuccess({ scenario }: Case, ended: Faulty, out: string): string | undefined {
  const warnings = warningsIn(ended)
  if (new Set(warnings).size < warnings.length) return 'a warning comes twice'
  // The same gradient up to rounding, from the first step on.
  if (warnings.some(warning => warning.includes('does not fit this device in one piece'))) return undefined
  const missing = unsaid(scenario, ended, out)
  return missing.length === 0 ? undefined : `nothing is said of ${missing.join(', ')}`
}

/** What is not as it should be, and may not be or is not spoken of. */
const unsaid = ({ whole }: Scenario, ended: Faulty, out: string): readonly string[] => {
  const warnings = warningsIn(ended)
  const mayLack = lacks.filter(({ said }) => warnings.some(warning => said.test(warning)))
  return differing(whole, wholeRun(out)).filter(name => !mayLack.some(({ of }) => of.test(name)))
}

/** What a run may lack, and the words that tell so. */
const lacks: readonly { readonly of: RegExp; readonly said: RegExp }[] = [
  { of: /tensorboard/i, said: /tensorboard/i },
  { of: /^run\.jsonl$/, said: /run\.jsonl: \d+ of the \d+ steps taken are not recorded/ },
  { of: /^lock\.json$/, said: /expected to remove .*lock\.json/ }
]

async function wrongInFailure({ scenario }: Case, ended: Faulty, out: string): Promise<string | undefined> {
  if (ended.hung) return 'it hangs'
  if (!isClear(ended)) return 'its error is not clear'
  const parts = filesOf(out).filter(file => file.endsWith('.part'))
  if (parts.length > 0) return `${parts.join(', ')} is left`
  if (scenario.replaces && !isThere(scenario, out)) return 'the run that was there is damaged'
  const advised = /to go on with: npx lapstrake (.+)/.exec(ended.stderr)?.[1]?.split(' ')
  const second = await runFaulty(advised ?? scenario.given(out), undefined, out)
  if (second.hung || second.status !== 0) return `going on fails: ${second.stderr.slice(-500)}`
  const other = unsaid(scenario, second, out)
  return other.length === 0 ? undefined : `going on gives another ${other.join(', ')}`
}

/** Whether a run is as it was, or one that is whole has begun to take its place. */
function isThere({ before, whole }: Scenario, out: string): boolean {
  if (isReplacing(out)) return true
  const isAsBefore = filesOf(before!).every(
    file => existsSync(join(out, file)) && readFileSync(join(out, file)).equals(readFileSync(join(before!, file)))
  )
  return isAsBefore || differing(whole, wholeRun(out)).length === 0
}

/** Lines that an undisturbed run does not print. */
const warningsIn = ({ stderr }: Faulty): readonly string[] =>
  stderr.split('\n').filter(line => /\bexpected\b|could not|cannot|given up|does not fit|not recorded/.test(line))

/** An error in our words: who speaks, what was expected and what came, and no stack. */
const isClear = ({ stderr }: Faulty): boolean => /^\S.*: expected [^]+\.$/m.test(stderr) && !raw.test(stderr)

const raw = /^\s+at |\b(?:Type|Reference|Syntax)Error\b|undefined|\[object/m
