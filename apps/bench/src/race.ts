// The race of the site's front page over several seeds, by its own code: npm run --silent bench:race
import { parseArgs } from 'node:util'
import { useBackend } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { contestants, data } from '../../site/src/race/contestants.ts'
import { lanes, steps } from '../../site/src/race/lanes.ts'
import { runRace } from '../../site/src/race/run-race.ts'
import { wholeNumber } from './command-line.ts'
import { rounded } from './measuring.ts'

process.on('uncaughtException', error => {
  console.error(error.message)
  process.exit(1)
})

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    threads: { type: 'string', default: '1' },
    results: { type: 'string', default: 'docs/results/race.json' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:race -- [--seeds 10] [--threads 1] [--results docs/results/race.json]
Runs the front page's race once for each seed, a minute or two each, and writes what each lane classified correctly.`)
  process.exit(0)
}

const seeds = Array.from({ length: wholeNumber(values.seeds) }, (_, seed) => seed)
console.error((await useBackend('wasm', { threads: wholeNumber(values.threads) })).sentence)
const [training, held] = [await data.open('train'), await data.open('test')]

/** By lane, what each seed ended with. */
const accuracies = lanes.map((): number[] => [])
for (const seed of seeds) {
  await runRace(contestants, { training, held }, { seed, steps, lookEvery: steps }, event => {
    if (event.kind === 'accuracy') accuracies[event.lane]!.push(rounded(event.accuracy))
  })
  console.error(`seed ${seed}: ${lanes.map(({ name }, i) => `${name} ${accuracies[i]![seed]}`).join(', ')}`)
}

const [greedy] = accuracies
const above = (lane: number): number => accuracies[lane]!.filter((accuracy, seed) => accuracy > greedy![seed]!).length
const byLane = Object.fromEntries(lanes.map(({ name }, i) => [name, accuracies[i]!]))
await writeFileAtomic(values.results, `${JSON.stringify({ steps, accuracies: byLane }, null, 2)}\n`)
for (const [lane, { name }] of lanes.entries()) {
  const mean = accuracies[lane]!.reduce((sum, accuracy) => sum + accuracy, 0) / seeds.length
  console.log(
    `${name.padEnd(18)} ${(100 * mean).toFixed(1)} %` +
      (lane === 0 ? '' : `   above greedy in ${above(lane)} of ${seeds.length} seeds`)
  )
}
process.exit(0)
