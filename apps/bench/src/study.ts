// The recipes on real images over several seeds, beside two baselines: npm run --silent study -- --help
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type * as tf from '@tensorflow/tfjs-core'
import { collectFeatures, dispose, linearProbe, seeded, train, useBackend, createTrainer, type Dataset, type Experiment } from 'lapstrake'
import { cifar10 } from 'lapstrake/node'
import greedy from '../../../docs/recipes/02-greedy-infomax.ts'
import loco from '../../../docs/recipes/03-loco.ts'
import simclr from '../../../docs/recipes/01-simclr.ts'

interface Result { readonly method: string; readonly seed: number; readonly accuracy: number; readonly seconds: number }

const { values } = parseArgs({
  options: {
    methods: { type: 'string', default: 'pixels,untrained,simclr,greedy-infomax,loco' },
    seeds: { type: 'string', default: '0,1,2' },
    epochs: { type: 'string' },
    results: { type: 'string', default: 'docs/results/cifar10' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log('npm run --silent study -- [--methods pixels,untrained,simclr,greedy-infomax,loco] [--seeds 0,1,2] [--epochs N] [--results FOLDER]\n' +
    'Trains what FOLDER does not hold yet (some 3 minutes a run on one core), then prints the table. Needs CIFAR-10 in LAPSTRAKE_DATA or the network.')
  process.exit(0)
}

const recipes: readonly Experiment[] = [simclr, greedy, loco]
console.error((await useBackend('wasm')).sentence)
const training = await cifar10({ split: 'train', limit: simclr.examples ?? 10_000 })
const testing = await cifar10({ split: 'test' })
await mkdir(values.results, { recursive: true })

const read = async (encode: (images: tf.Tensor4D) => tf.Tensor, pool: 'mean' | 'flatten' = 'mean'): Promise<number> => {
  const of = (dataset: Dataset): ReturnType<typeof collectFeatures> => collectFeatures(dataset, encode, { pool })
  return (await linearProbe(await of(training), await of(testing))).accuracy
}

async function accuracyOf(method: string, seed: number): Promise<number> {
  if (method === 'pixels') return read(images => images.clone(), 'flatten')
  if (method === 'untrained') {
    const trainer = createTrainer(simclr, { inputShape: training.shape })
    const state = trainer.init(seeded(seed).split('weights'))
    return read(images => trainer.encode(state, images))
  }
  const recipe = recipes.find(({ name }) => name === method)
  if (recipe === undefined) throw new Error(`study: expected methods among pixels, untrained, ${recipes.map(({ name }) => name).join(', ')}, got ${method}.`)
  const experiment = { ...recipe, epochs: values.epochs === undefined ? recipe.epochs : Number(values.epochs) }
  const { trainer, state } = await train(experiment, training, {
    seed, onStep: ({ step, steps, losses }) => {
      if (step % 100 === 0) console.error(`${method} ${seed}: ${step}/${steps}  ${Object.values(losses).map(loss => loss.toFixed(3)).join(' ')}`)
    }
  })
  const accuracy = await read(images => trainer.encode(state, images))
  dispose(state)
  return accuracy
}

const results: Result[] = []
for (const method of values.methods.split(',')) {
  // Pixels know no seed.
  for (const seed of method === 'pixels' ? [0] : values.seeds.split(',').map(Number)) {
    const path = `${values.results}/${method}-${seed}.json`
    const known = await readFile(path, 'utf8').then(text => JSON.parse(text) as Result, () => undefined)
    const began = performance.now()
    const result = known ?? { method, seed, accuracy: await accuracyOf(method, seed), seconds: Math.round((performance.now() - began) / 1000) }
    if (known === undefined) await writeFile(path, `${JSON.stringify(result)}\n`)
    results.push(result)
    console.error(JSON.stringify(result))
  }
}

console.log(`${training.name}: ${training.size} training and ${testing.size} test images; linear readout of the top stage, mean ± standard deviation over seeds.\n`)
for (const method of values.methods.split(',')) {
  const found = results.filter(result => result.method === method).map(({ accuracy }) => 100 * accuracy)
  const mean = found.reduce((a, b) => a + b, 0) / found.length
  const deviation = Math.sqrt(found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, found.length - 1))
  console.log(`${method.padEnd(16)} ${mean.toFixed(1)} % ± ${deviation.toFixed(1)}  (${found.map(value => value.toFixed(1)).join(', ')})`)
}
process.exit(0)
