// A recipe beside what it is compared with, over several seeds: npm run --silent study:recipe -- --help
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { isImageDataset, teachersOf, useBackend, type Data, type ImageDataset } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { chosenFrom, wholeNumber } from './command-line.ts'
import { rounded } from './measuring.ts'
import { measure, measurePixels, measureUntrained, type Figures, type RecipeFile } from './recipes/measure.ts'
import { readResults, resultFile, tableFile, tableOf, type RecipeResult } from './recipes/results.ts'
import { sourceSeal } from './recipes/source-seal.ts'

// First of all listeners: that of the wasm backend would print its own source.
process.on('uncaughtException', error => {
  console.error(error.message)
  process.exit(1)
})

const {
  values,
  positionals: [recipePath = 'docs/recipes/03-loco.ts', ...more]
} = parseArgs({
  allowPositionals: true,
  options: {
    methods: { type: 'string' },
    seeds: { type: 'string', default: '0,1,2' },
    threads: { type: 'string' },
    results: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
const stem = basename(recipePath, '.ts')
if (values.help) {
  console.log(`npm run --silent study:recipe -- [docs/recipes/03-loco.ts] [--methods NAME,NAME…] [--seeds 0,1,2]
  [--threads N] [--results docs/results/03-loco]
Trains the recipe and those it exports as "against", beside raw pixels and an untrained network, as far as --results
does not hold them yet or holds them of the recipe as it was before; some minutes a run. Then writes the table that the
page of the recipe shows, and prints it. --methods and --seeds choose among the runs.
Wants the data in LAPSTRAKE_DATA, or the network.`)
  process.exit(0)
}
if (more.length > 0) throw new Error(`study: expected one recipe, got ${[recipePath, ...more].join(' and ')}.`)

const file = (await import(pathToFileURL(resolve(recipePath)).href)) as RecipeFile
const { default: recipe, against = [] } = file
const source = await sourceSeal(recipePath)
const folder = values.results ?? `docs/results/${stem}`
const experiments = [...against, recipe]
const teachers = new Set(
  experiments
    .flatMap(({ teacher }) => teachersOf(teacher))
    .flatMap(([, teacher]) => ('trainedBy' in teacher ? [teacher.trainedBy.name] : []))
)
const methods = chosenFrom(
  'methods',
  ['pixels', 'untrained', ...experiments.map(({ name }) => name)],
  name => name,
  values.methods
)
const seeds = values.seeds.split(',').map(seed => wholeNumber(seed, 0))
// Pixels know no seed, and all students have one teacher.
const wanted = seeds.flatMap(seed =>
  methods
    .filter(method => seed === seeds[0] || !(method === 'pixels' || teachers.has(method)))
    .map(method => ({ method, seed }))
)
const known = await readResults(folder)
const missing = wanted.filter(
  ({ method, seed }) =>
    !known.some(result => result.method === method && result.seed === seed && result.source === source)
)

if (missing.length > 0) {
  const threads = values.threads === undefined ? undefined : wholeNumber(values.threads)
  console.error((await useBackend('wasm', { threads })).sentence)
  if (recipe.data === undefined) throw new Error(`study: expected ${recipe.name} to have data of its own, got none.`)
  const training = await imagesOf(recipe.data.open('train'))
  const testing = await imagesOf(recipe.data.open('test'))
  const weightsOf = (method: string, seed: number): string =>
    `runs/study/${stem}/${source}/${method}-${seed}.safetensors`
  const measuring = { file, training, testing, weightsOf }
  for (const { method, seed } of missing) {
    const figures =
      method === 'pixels'
        ? await measurePixels(measuring)
        : method === 'untrained'
          ? await measureUntrained(measuring, seed)
          : await measure(measuring, experiments.find(({ name }) => name === method)!, seed)
    const result: RecipeResult = {
      method,
      seed,
      source,
      figures: rounding(figures),
      data: { name: training.name, train: training.size, test: testing.size }
    }
    await writeFileAtomic(resultFile(folder, method, seed), `${JSON.stringify(result)}\n`)
    console.error(JSON.stringify(result))
  }
}
const results = (await readResults(folder)).filter(result => result.source === source)
const table = tableOf(results, `npm run --silent study:recipe -- docs/recipes/${stem}.ts`)
if (existsSync(folder)) await writeFileAtomic(tableFile(folder), `${table}\n`)
console.log(table)
process.exit(0)

async function imagesOf(opened: ReturnType<Data['open']>): Promise<ImageDataset> {
  const dataset = await opened
  if (isImageDataset(dataset)) return dataset
  throw new Error(`study: expected a recipe of images, got one of ${dataset.name}.`)
}

function rounding(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]))
}
