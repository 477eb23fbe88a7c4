import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFaulty, sitesOf, type Site } from './faults-run.ts'
import { wholeRun, type WholeRun } from './faults-whole-run.ts'
import { tinyRecipe } from './lapstrake.ts'

/** A command that writes a run. */
export interface Scenario {
  readonly name: string
  /** The calls that it makes. */
  readonly sites: readonly Site[]
  /** The run that it begins with. */
  readonly before?: string
  /** Whether that one stays until the new one is whole. */
  readonly replaces: boolean
  /** What an undisturbed run leaves. */
  readonly whole: WholeRun
  given(out: string): readonly string[]
}

const all = ['train', 'train --resume', 'train --overwrite']

const options = [
  '--backend',
  'wasm',
  '--threads',
  '1',
  '--keep-every',
  '0',
  '--checkpoint-every',
  '20',
  '--tensorboard'
]

/** Makes a recipe of fifty steps in a folder, and runs it undisturbed to see what is called and what is left. */
export async function scenarios(folder: string, wanted: readonly string[] = all): Promise<readonly Scenario[]> {
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('recipe.ts'), tinyRecipe('data: shapes({ limit: 80 }), epochs: 10'))
  const train = (out: string, ...more: string[]): readonly string[] => [
    'train',
    at('recipe.ts'),
    ...options,
    '--out',
    out,
    ...more
  ]
  const undisturbed = await recorded(train(at('undisturbed')), at('undisturbed'))
  const found: Scenario[] = []
  const add = async (scenario: Pick<Scenario, 'name' | 'before' | 'replaces' | 'given'>): Promise<void> => {
    if (!wanted.includes(scenario.name)) return
    prepare(scenario, at('recorded'))
    const { sites } = await recorded(scenario.given(at('recorded')), at('recorded'))
    found.push({ ...scenario, sites, whole: undisturbed.whole })
  }
  if (wanted.includes('train')) found.push({ name: 'train', replaces: false, given: out => train(out), ...undisturbed })
  if (wanted.includes('train --resume')) {
    await finished(train(at('half'), '--epochs', '5'))
    const given = (out: string): readonly string[] => ['train', '--resume', out, '--epochs', '10']
    await add({ name: 'train --resume', before: at('half'), replaces: false, given })
  }
  if (wanted.includes('train --overwrite')) {
    await finished(train(at('other'), '--seed', '1'))
    const given = (out: string): readonly string[] => train(out, '--overwrite')
    await add({ name: 'train --overwrite', before: at('other'), replaces: true, given })
  }
  return found
}

/** Puts into a folder what a scenario begins with. */
export function prepare({ before }: Pick<Scenario, 'before'>, out: string): void {
  rmSync(out, { recursive: true, force: true })
  if (before !== undefined) cpSync(before, out, { recursive: true })
}

async function recorded(given: readonly string[], out: string): Promise<Pick<Scenario, 'sites' | 'whole'>> {
  const { sites, ended } = await sitesOf(given, out)
  if (ended.status !== 0) throw new Error(`faults: expected a recorded run to succeed, got ${ended.stderr}`)
  return { sites, whole: wholeRun(out) }
}

async function finished(given: readonly string[]): Promise<void> {
  const { status, stderr } = await runFaulty(given, undefined, '')
  if (status !== 0) throw new Error(`faults: expected an undisturbed run to succeed, got ${stderr}`)
}
