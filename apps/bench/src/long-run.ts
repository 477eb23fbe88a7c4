// Whether a long run stays as it begins: npm run --silent bench:long -- --json
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import {
  adamW,
  convNet,
  dispose,
  ntXent,
  overlapping,
  projector,
  simclr,
  train,
  twoViews,
  useBackend,
  type Dataset,
  type Experiment
} from 'lapstrake'
import { openImageFolder, openWebDataset } from 'lapstrake/node'
import { wholeNumber } from './command-line.ts'
import { writeImages, writeShard } from './image-files.ts'
import { median, rounded } from './measuring.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    steps: { type: 'string', default: '5000' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:long -- [--json] [--steps 5000]
Trains LoCo on a folder of JPEG files, and on the same as a tar archive, for so many steps each, and prints how far the
resident memory is at the end above what it was after a tenth of the run, tensors between steps, and what part of the
time a step waited for its examples.`)
  process.exit(0)
}
const steps = wholeNumber(values.steps)
const count = 2000
console.error((await useBackend('wasm')).sentence)
const folder = await mkdtemp(join(tmpdir(), 'lapstrake-long-'))
process.env.XDG_CACHE_HOME = join(folder, 'cache')
const rows = []
try {
  await writeImages(join(folder, 'images'), count)
  await writeShard(join(folder, 'images'), join(folder, 'images.tar'))
  rows.push(await longRun('folder of JPEG files', await openImageFolder(join(folder, 'images'), { size: 32 })))
  rows.push(await longRun('tar archive', await openWebDataset(join(folder, 'images.tar'), { size: 32 })))
} finally {
  await rm(folder, { recursive: true })
}
if (values.json) console.log(JSON.stringify({ processors: availableParallelism(), rows }))
else console.table(rows)
process.exit(0)

async function longRun(source: string, dataset: Dataset): Promise<object> {
  const batchSize = 32
  const experiment: Experiment = {
    name: source,
    batchSize,
    epochs: Math.ceil(steps / Math.floor(dataset.size / batchSize)),
    views: twoViews(simclr({ size: 32, preset: 'cifar' })),
    backbone: convNet({ widths: [16, 32, 32, 32], strides: [2, 2, 1, 1], layers: 1 }),
    isolation: overlapping(),
    head: () => projector({ dims: [32, 32] }),
    loss: () => ntXent({ temperature: 0.2 }),
    optimizer: adamW({ learningRate: 1e-3 })
  }
  const memory: number[] = []
  const tensors = new Set<number>()
  let [waited, busy] = [0, 0]
  const stop = new AbortController()
  const { state } = await train(experiment, {
    dataset,
    diagnoseEvery: 500,
    signal: stop.signal,
    onStep(metrics) {
      memory.push(process.memoryUsage.rss() / 1e6)
      tensors.add(tf.memory().numTensors)
      waited += metrics.waited
      busy += metrics.milliseconds + metrics.waited
      if (metrics.step % 500 === 0) console.error(`${source}: ${metrics.step}/${steps}`)
      if (metrics.step === steps) stop.abort()
    }
  })
  dispose(state)
  const tenth = Math.floor(memory.length / 10)
  const [early, late] = [median(memory.slice(tenth, 2 * tenth)), median(memory.slice(-tenth))]
  return {
    source,
    steps: memory.length,
    residentMb: Math.round(late),
    growth: `${(100 * (late / early - 1)).toFixed(1)} %`,
    tensorsBetweenSteps: [...tensors].join(),
    waited: `${((100 * waited) / busy).toFixed(2)} %`,
    millisecondsPerStep: rounded(busy / memory.length)
  }
}
