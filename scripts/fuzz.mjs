// Reads mutants of good files with every reader of ours, and shows what came of it: npm run fuzz -- --inputs 1000000
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const {
  values,
  positionals: [reader]
} = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: 'string' },
    seed: { type: 'string' },
    input: { type: 'string' },
    help: { type: 'boolean' }
  }
})
if (values.help) {
  console.log(`npm run fuzz -- [--inputs N] [--seed N] [--input N] [reader]
Reads N mutants of a seed with each reader, or with those whose name begins so. --input reads one of them alone.`)
  process.exit(0)
}

const root = new URL('..', import.meta.url).pathname
const path = join(tmpdir(), `lapstrake-fuzz-${process.pid}.jsonl`)
const env = {
  ...process.env,
  LAPSTRAKE_FUZZ_REPORT: path,
  ...(values.inputs && { LAPSTRAKE_FUZZ: values.inputs }),
  ...(values.seed && { LAPSTRAKE_FUZZ_SEED: values.seed }),
  ...(values.input && { LAPSTRAKE_FUZZ_INPUT: values.input })
}
const escaped = reader?.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const child = spawn(
  join(root, 'node_modules/.bin/vitest'),
  ['run', '--reporter=dot', '.fuzz.test.ts', ...(escaped === undefined ? [] : ['-t', `^${escaped}`])],
  { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] }
)
let output = ''
for (const stream of [child.stdout, child.stderr])
  stream.on('data', chunk => {
    output += chunk
  })
const code = await new Promise(done => child.on('close', done))

const reports = existsSync(path)
  ? readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
  : []
rmSync(path, { force: true })
if (code !== 0 || reports.length === 0) console.log(output)
const columns = ['reader', 'inputs', 'refused', 'read', 'slowest ms', 'most memory per byte', 'crashes']
const rows = reports.map(({ reader, inputs, refused, read, slowest, memory, crashes }) => {
  const cells = [reader, inputs, refused, read, slowest.toFixed(1), Math.round(memory), crashes]
  return cells.map(cell => cell.toLocaleString('en'))
})
const widths = columns.map((column, i) => Math.max(column.length, ...rows.map(row => row[i].length)))
const padded = (cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))
for (const row of [columns, ...rows]) console.log(row.map(padded).join('  '))
if (code === 0 && reports.length === 0) console.log('No reader has that name. git grep describeFuzz shows all.')
process.exit(code !== 0 || reports.length === 0 ? 1 : 0)
