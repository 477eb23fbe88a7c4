import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { table } from '../terminal/table.ts'
import { casesOf, isOfMemory, outcomeOf, type Outcome } from './faults-cases.ts'
import { scenarios } from './faults-scenarios.ts'
import { root } from './lapstrake.ts'

const { values } = parseArgs({ options: { scenario: { type: 'string' }, site: { type: 'string', default: '' } } })

const folder = mkdtempSync(join(root, 'node_modules/.lapstrake-faults-'))
const wanted = new RegExp(values.site)
const found = await scenarios(folder, values.scenario === undefined ? undefined : [values.scenario])
const waiting = casesOf(found).filter(({ site: { kind, shown } }) => wanted.test(`${kind} ${shown}`))
const outcomes: Outcome[] = []
const [all, began] = [waiting.length, performance.now()]
await Promise.all(
  [0, 1].map(async worker => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await outcomeOf(next, join(folder, `out-${worker}`))
      outcomes.push(outcome)
      if (outcome.ended === 'WRONGLY') process.stdout.write(`${told(outcome)}\n`)
      const seconds = Math.round((performance.now() - began) / 1000)
      if (outcomes.length % 20 === 0) process.stderr.write(`${outcomes.length} of ${all}, ${seconds} s\n`)
    }
  })
)
rmSync(folder, { recursive: true })

const ends = ['with an error', 'with a warning', 'as if nothing was', 'before the call came', 'WRONGLY'] as const
const groupOf = ({ scenario: { name }, site: { kind } }: Outcome): string => `${name}: ${classOf(kind)}`
const groups = [...new Set(outcomes.map(groupOf))].sort()
const rows = groups.map(group =>
  row(
    group,
    outcomes.filter(outcome => groupOf(outcome) === group)
  )
)
process.stdout.write(`${table(['a call fails in', 'sites', 'runs', ...ends], [...rows, row('in all', outcomes)])}\n`)
process.exit(outcomes.some(({ ended }) => ended === 'WRONGLY') ? 1 : 0)

function row(name: string, some: readonly Outcome[]): readonly string[] {
  const sites = new Set(some.map(({ scenario, site: { kind, place } }) => `${scenario.name} ${kind} ${place}`))
  const counts = ends.map(end => some.filter(({ ended }) => ended === end).length)
  return [name, sites.size, some.length, ...counts].map(String)
}

function classOf(kind: string): string {
  if (isOfMemory(kind)) return 'memory'
  return /^(?:file\.)?(?:read|stat|lstat)/.test(kind) ? 'reading' : 'writing, naming, syncing'
}

function told({ scenario: { name }, site, fault: { call, onwards }, wrong, said }: Outcome): string {
  const { kind, shown, calls } = site
  const which = `call ${call} of ${calls}${onwards ? ' and all behind it' : ''}`
  return `${name}: ${kind} at ${shown}, ${which}: ${wrong}\n${said.replace(/^/gm, '    ')}`
}
