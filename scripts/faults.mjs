// Has each call in a run of fifty steps fail, and shows what came of it: npm run faults
import { spawnSync } from 'node:child_process'

if (process.argv.includes('--help')) {
  console.log(`npm run faults -- [--scenario NAME] [--site PATTERN]
Has each call of a write, a read, a rename, a sync or an allocation fail: the first, a middle one and the last of each
place. Takes an hour or two. --scenario keeps to 'train', 'train --resume' or 'train --overwrite', --site to places
whose kind and file fit a regular expression, such as '^file.sync' or 'run-lock'.`)
  process.exit(0)
}
const table = new URL('../packages/cli/src/testing/faults-table.ts', import.meta.url).pathname
const given = ['--conditions=@lapstrake/source', '--import', 'tsx', table, ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, given, { stdio: 'inherit' })
process.exit(status ?? 1)
