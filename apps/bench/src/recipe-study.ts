// A recipe beside what it is compared with, over several seeds: npm run --silent study:recipe -- --help
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type * as tf from '@tensorflow/tfjs-core'
import {
  certify,
  collectFeatures,
  createTrainer,
  dispose,
  isImageDataset,
  linearProbe,
  seeded,
  run,
  useBackend,
  type CertificateOptions,
  type Dataset,
  type Experiment,
  type ImageDataset,
  type State,
  type StepMetrics,
  type Trained,
  type Trainer
} from 'lapstrake'
import { serialiseTree, writeFileAtomic } from 'lapstrake/node'

// First of all listeners: that of the wasm backend would print its own source.
process.on('uncaughtException', error => {
  console.error(error.message)
  process.exit(1)
})

interface Result {
  readonly method: string
  readonly seed: number
  /** Of a linear readout of the top stage, on all test images. */
  readonly accuracy: number
  readonly seconds: number
  readonly certificate?:
    | {
        readonly bound: number
        readonly testRisk: number
        readonly empiricalRisk: number
        readonly divergence: number
        readonly sampleSize: number
        readonly draws: number
      }
    | undefined
}

/** What a recipe file exports. */
interface RecipeFile {
  readonly default: Experiment
  /** What it is compared with. */
  readonly against?: readonly Experiment[] | undefined
  /** What is certified of it, where it has stochastic stages. */
  readonly certificate?: CertificateOptions | undefined
}

const {
  values,
  positionals: [recipePath = 'docs/recipes/03-loco.ts']
} = parseArgs({
  allowPositionals: true,
  options: {
    methods: { type: 'string' },
    seeds: { type: 'string', default: '0,1,2' },
    epochs: { type: 'string' },
    examples: { type: 'string' },
    results: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(
    'npm run --silent study:recipe -- [docs/recipes/03-loco.ts] [--methods pixels,untrained,NAME…] [--seeds 0,1,2] ' +
      '[--epochs N] [--examples N] [--results FOLDER]\n' +
      'Trains the recipe and those it exports as "against", as far as FOLDER (docs/results/<recipe>) does not hold ' +
      'them yet, some minutes a run on one core;\n' +
      'then prints the table. --methods chooses among them, and adds the baselines pixels and untrained. ' +
      'Wants the data in LAPSTRAKE_DATA, or the network.'
  )
  process.exit(0)
}

const {
  default: recipe,
  against = [],
  certificate: claim
} = (await import(pathToFileURL(resolve(recipePath)).href)) as RecipeFile
const stem = basename(recipePath, '.ts')
const folder = values.results ?? `docs/results/${stem}`
const experiments = [...against, recipe]
const methods = values.methods?.split(',') ?? experiments.map(({ name }) => name)
const stranger = methods.find(
  method => !['pixels', 'untrained', ...experiments.map(({ name }) => name)].includes(method)
)
if (stranger !== undefined)
  throw new Error(
    `study: expected methods among pixels, untrained, ${experiments.map(({ name }) => name).join(', ')}, ` +
      `got ${stranger}.`
  )

console.error((await useBackend('wasm')).sentence)
if (recipe.data === undefined) throw new Error(`study: expected ${recipe.name} to have data of its own, got none.`)
const training = await imagesOf(
  recipe.data.open('train', values.examples === undefined ? {} : { limit: Number(values.examples) })
)
const testing = await imagesOf(recipe.data.open('test'))

const teachers = new Set(
  experiments.flatMap(({ teacher }) =>
    teacher !== undefined && 'trainedBy' in teacher ? [teacher.trainedBy.name] : []
  )
)
const results: Result[] = []
for (const seed of values.seeds.split(',').map(Number)) {
  for (const method of methods) {
    // Pixels know no seed, and all students have one teacher.
    const once = method === 'pixels' || teachers.has(method)
    if (once && results.some(result => result.method === method)) continue
    const path = `${folder}/${method}-${once ? 0 : seed}.json`
    const known = await readFile(path, 'utf8').then(
      text => JSON.parse(text) as Result,
      () => undefined
    )
    const began = performance.now()
    const result = known ?? {
      method,
      seed: once ? 0 : seed,
      ...(await measure(method, once ? 0 : seed)),
      seconds: Math.round((performance.now() - began) / 1000)
    }
    if (known === undefined) await writeFileAtomic(path, `${JSON.stringify(result)}\n`)
    results.push(result)
    console.error(JSON.stringify(result))
  }
}
report()
process.exit(0)

async function imagesOf(opened: Promise<Dataset>): Promise<ImageDataset> {
  const dataset = await opened
  if (isImageDataset(dataset)) return dataset
  throw new Error(`study: expected a recipe of images, got one of ${dataset.name}.`)
}

async function measure(method: string, seed: number): Promise<Omit<Result, 'method' | 'seed' | 'seconds'>> {
  if (method === 'pixels') return { accuracy: await readOut(images => images.clone(), 'flatten') }
  if (method === 'untrained') {
    const trainer = createTrainer(experiments[0]!, { inputShape: training.shape })
    return { accuracy: await topOf(trainer, trainer.init(seeded(seed).split('weights'))) }
  }
  const experiment = experiments.find(({ name }) => name === method)!
  const { trainer, state } = await trained(
    withTaughtTeacher({ ...experiment, epochs: Number(values.epochs ?? experiment.epochs) }),
    seed
  )
  await writeFileAtomic(
    weightsOf(method, seed),
    await serialiseTree({
      stages: state.stages,
      heads: Object.fromEntries(Object.entries(state.units).map(([name, { head }]) => [name, head]))
    })
  )
  const accuracy = await topOf(trainer, state)
  const certificate =
    claim === undefined || experiment !== recipe
      ? undefined
      : await certify({
          experiment,
          certificate: claim,
          network: trainer.network,
          variables: state.stages,
          training,
          testing
        })
  dispose(state)
  return {
    accuracy,
    certificate: certificate && {
      bound: certificate.bound,
      testRisk: certificate.testRisk!,
      empiricalRisk: certificate.empiricalRisk,
      divergence: certificate.complexity.divergence,
      sampleSize: certificate.sampleSize,
      draws: certificate.draws
    }
  }
}

/** Trains, and says how far it is. */
async function trained(experiment: Experiment, seed: number): Promise<Pick<Trained, 'trainer' | 'state'>> {
  for await (const event of run(experiment, { dataset: training, seed })) {
    if (event.kind === 'warning') console.error(event.message)
    if (event.kind === 'step') say(experiment.name, seed, event.metrics)
    if (event.kind === 'teacher') say(`${experiment.name}'s teacher`, seed, event.metrics)
    if (event.kind === 'end') return { trainer: event.trainer, state: event.keep() }
  }
  throw new Error('study: expected the run to end, but it did not.')
}

function say(who: string, seed: number, { step, steps, losses }: StepMetrics): void {
  if (step % 100 !== 0) return
  const numbers = Object.values(losses).map(loss => loss.toFixed(3))
  console.error(`${who} ${seed}: ${step}/${steps}  ${numbers.join(' ')}`)
}

/** A teacher that this study has trained already need not be trained again. */
function withTaughtTeacher(experiment: Experiment): Experiment {
  const { teacher } = experiment
  if (teacher === undefined || !('trainedBy' in teacher)) return experiment
  const { trainedBy, ...rest } = teacher
  const weights = weightsOf(trainedBy.name, 0)
  return existsSync(weights) ? { ...experiment, teacher: { ...rest, weights: () => readFile(weights) } } : experiment
}

function weightsOf(method: string, seed: number): string {
  return `runs/study/${stem}/${method}-${seed}.safetensors`
}

function topOf(trainer: Trainer, state: State): Promise<number> {
  return readOut(images => trainer.network.encode(state.stages, images))
}

async function readOut(encode: (images: tf.Tensor) => tf.Tensor, pool: 'mean' | 'flatten' = 'mean'): Promise<number> {
  const [known, asked] = [
    await collectFeatures(training, encode, { pool }),
    await collectFeatures(testing, encode, { pool })
  ]
  return (await linearProbe(known, asked)).accuracy
}

function report(): void {
  console.log(
    `${training.name}: ${training.size} training and ${testing.size} test images; linear readout of the top stage, ` +
      'mean ± standard deviation over seeds.\n'
  )
  for (const method of methods) {
    const mine = results.filter(result => result.method === method)
    const certificates = mine.flatMap(({ certificate }) => certificate ?? [])
    console.log(
      `${method.padEnd(20)} ${spread(
        mine.map(({ accuracy }) => 100 * accuracy),
        1
      )} %` +
        (certificates.length === 0
          ? ''
          : `   bound ${spread(
              certificates.map(({ bound }) => bound),
              3
            )}, risk on test data ${spread(
              certificates.map(({ testRisk }) => testRisk),
              3
            )}`)
    )
  }
}

function spread(numbers: readonly number[], digits: number): string {
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length
  const deviation = Math.sqrt(
    numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, numbers.length - 1)
  )
  return (
    `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}  ` +
    `(${numbers.map(value => value.toFixed(digits)).join(', ')})`
  )
}
