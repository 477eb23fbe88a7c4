// Records every call of this repository that writes, reads, names, syncs or allocates, or has one of them fail.
// Given to a process by --import, behind tsx, with JSON in LAPSTRAKE_FAULTS: { "record": <file> }, or { "kind",
// "place", "call", "onwards", "struck" }, where the call of that number fails, and with `onwards` those behind it;
// that it did is told by the file `struck`.
import { writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { failFiles } from './faults-of-files.mjs'
import { failMemory } from './faults-of-memory.mjs'
import { mapped, placeOf } from './faults-places.mjs'

const { LAPSTRAKE_FAULTS: given = '{}' } = process.env
// Processes that this one starts are left in peace.
delete process.env.LAPSTRAKE_FAULTS
const { record, ...fault } = JSON.parse(given)
const write = writeFileSync

/** What was called, by kind and place: how often, in which steps, for which files. */
const sites = new Map()
let step = 0

/** Notes a call, and whether it is to fail. */
function strikes(kind, path) {
  if (record === undefined && kind !== fault.kind) return false
  const place = placeOf(kind)
  if (place === undefined || (record === undefined && place !== fault.place)) return false
  const key = `${kind} ${place}`
  const site = sites.get(key) ?? { kind, place, calls: 0, steps: [], files: [] }
  sites.set(key, site)
  site.calls++
  if (site.steps.at(-1) !== step) site.steps.push(step)
  if (path !== undefined && !site.files.includes(path)) site.files.push(path)
  if (record !== undefined) return false
  const strike = fault.onwards ? site.calls >= fault.call : site.calls === fault.call
  if (strike) write(fault.struck, '')
  return strike
}

if (record !== undefined || fault.kind !== undefined) {
  failFiles(strikes, path => {
    if (path.endsWith('run.jsonl')) step++
  })
  await failMemory(strikes)
  syncBuiltinESMExports()
}
if (record !== undefined) {
  process.on('exit', () => {
    const found = [...sites.values()].map(site => ({ ...site, shown: mapped(site.place) }))
    write(record, JSON.stringify(found))
  })
}
