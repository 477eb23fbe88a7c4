// A dial between greedy and end-to-end learning, the window of stages that learn together: npm run study
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { useBackend } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { chosenFrom, wholeNumber } from './command-line.ts'
import { errorLine, runAgain } from './run-again.ts'
import { measureBaseline, measured } from './study/baselines.ts'
import { cells, comparisonNamed, nameOf, tiny, type Scale } from './study/design.ts'
import { writePages } from './study/pages.ts'
import { baselinesFile, readBaselines, readResults, resultFile, timesFile } from './study/results.ts'
import { runCell, type CellResult } from './study/run-cell.ts'
import { measureStepTimes } from './study/step-times.ts'

process.on('uncaughtException', error => {
  console.error(error.message)
  process.exit(1)
})

const { values } = parseArgs({
  options: {
    tiny: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    minutes: { type: 'string' },
    times: { type: 'boolean', default: false },
    cells: { type: 'string' },
    only: { type: 'string' },
    seeds: { type: 'string' },
    results: { type: 'string' },
    docs: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run study -- [--tiny] [--jobs 2] [--minutes N] [--only TEXT] [--seeds 0,1] [--times]
  [--results docs/results/study] [--docs docs/study]
Trains every cell of the study that --results does not hold yet, ${cells.length} runs of a minute to an hour each on one
thread, --jobs at a time, the ones that matter most first; then writes the tables and figures of --docs from all results
there are, and from what raw pixels and untrained networks give, which is measured once. Stop it at any time: what is
finished stays, and what is not goes on from its last epoch. --minutes begins no run after so many: with 0, none.
--only takes the cells whose names begin with one of TEXT[,TEXT…], --seeds those of the seeds.
--tiny runs one seed of each on a few images, into runs/, to see that everything works. --times trains nothing and
measures how long a step takes, all windows in turn, which wants a machine where nothing else runs.
Wants the data in LAPSTRAKE_DATA, or the network; and tiny-imagenet-20 in LAPSTRAKE_DATA/tiny-imagenet-20/{train,val},
in folders of classes.`)
  process.exit(0)
}
const scaleOf = (own: Scale): Scale => (values.tiny ? tiny : own)
const folder = values.results ?? (values.tiny ? 'runs/study-tiny/results' : 'docs/results/study')
const docs = values.docs ?? (values.tiny ? 'runs/study-tiny/docs' : 'docs/study')

if (values.cells !== undefined) {
  // A process of its own for each run, on one thread: what one leaves behind is not another's concern, and one that
  // fails fails alone.
  const [cell] = chosenFrom('cells', cells, nameOf, values.cells)
  await useBackend('wasm', { threads: 1 })
  const scale = scaleOf(comparisonNamed(cell!.comparison).scale)
  const unfinished = values.tiny ? 'runs/study-tiny/unfinished' : 'runs/study'
  console.log(JSON.stringify(await runCell(cell!, scale, unfinished, message => console.error(message))))
  process.exit(0)
}

if (values.times) {
  await useBackend('wasm', { threads: 1 })
  const milliseconds = await measureStepTimes(9, message => console.error(message))
  await writeFileAtomic(timesFile(folder), `${JSON.stringify({ machine: cpus()[0]!.model, milliseconds }, null, 2)}\n`)
}

const begins = values.only?.split(',') ?? ['']
const seeds = values.seeds?.split(',').map(Number)
const wanted = values.times
  ? []
  : cells.filter(
      cell =>
        begins.some(text => nameOf(cell).startsWith(text)) &&
        (values.tiny ? cell.seed === 0 : (seeds?.includes(cell.seed) ?? true))
    )
if (!values.times && wanted.length === 0)
  throw new Error(
    `study: expected --only and --seeds to leave some of ${cells.length} runs, such as ${nameOf(cells[0]!)}, got ` +
      `${[values.only, values.seeds].filter(Boolean).join(' and ')}, which leave none.`
  )
const missing = wanted.filter(cell => !existsSync(resultFile(folder, cell)))
const until = values.minutes === undefined ? Infinity : performance.now() + 60_000 * wholeNumber(values.minutes, 0)
console.error(
  `${wanted.length - missing.length} of ${wanted.length} runs are there; ${missing.length} to go, ` +
    `${values.jobs} at a time.`
)
const failures: string[] = []
const began = performance.now()
let done = 0

async function work(): Promise<void> {
  for (let cell = missing.shift(); cell !== undefined && performance.now() < until; cell = missing.shift()) {
    try {
      const result = await runAgain<CellResult>(['--cells', nameOf(cell), ...(values.tiny ? ['--tiny'] : [])], {
        aloud: true
      })
      await writeFileAtomic(resultFile(folder, cell), `${JSON.stringify({ machine: cpus()[0]!.model, ...result })}\n`)
      done++
      const each = (performance.now() - began) / 60_000 / done
      console.error(
        `${nameOf(cell)}: ${(100 * result.stages.at(-1)!.linear).toFixed(1)} %. ${missing.length} to go, ` +
          `some ${Math.round(each * missing.length)} minutes.`
      )
    } catch (error) {
      failures.push(`${nameOf(cell)}: ${errorLine(error as Error)}`)
      console.error(failures.at(-1))
    }
  }
}
await Promise.all(Array.from({ length: wholeNumber(values.jobs) }, work))

const baselines = { ...(await readBaselines(folder)) }
for (const name of measured) {
  const asked = wanted.some(({ comparison }) => comparison === name)
  if (!asked || baselines[name] !== undefined || performance.now() > until) continue
  await useBackend('wasm')
  baselines[name] = await measureBaseline(name, scaleOf)
  console.error(`${name}: ${(100 * baselines[name].pixels).toFixed(1)} % of raw pixels.`)
  await writeFileAtomic(baselinesFile(folder), `${JSON.stringify(baselines, null, 2)}\n`)
}
const results = await readResults(folder)
if (results.runs.length > 0)
  console.error(`Wrote ${(await writePages(docs, results)).join(', ')} from ${results.runs.length} runs.`)
if (failures.length > 0) {
  console.error(`${failures.length} runs failed; the same command tries them again:\n${failures.join('\n')}`)
  process.exit(1)
}
process.exit(0)
