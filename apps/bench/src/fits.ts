// A network too deep for end-to-end learning in the memory there is, and what trains it: npm run --silent bench:fits
import { parseArgs } from 'node:util'
import {
  adamW,
  chain,
  convBlock,
  endToEnd,
  greedy,
  normOf,
  ntXent,
  OutOfRoom,
  overlapping,
  plan,
  projector,
  residualBlock,
  run,
  shapes,
  simclr,
  stageOf,
  twoViews,
  useBackend,
  type Backbone,
  type Experiment
} from 'lapstrake'
import { wholeNumber } from './command-line.ts'
import { rounded } from './measuring.ts'
import { runAgain } from './run-again.ts'

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '256' },
    steps: { type: 'string', default: '3' },
    way: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(`npm run --silent bench:fits -- [--megabytes 256] [--steps 3]
Trains ${blocks().name} on batches of 16 images of 64 × 64 in a WebAssembly memory that can grow to so many
megabytes and no further: end-to-end, which is tried in ever smaller parts of the batch, greedy and overlapping. Each
way has a process of its own. Says what plan() foresees, and what came of it.`)
  process.exit(0)
}

const ways = {
  'end-to-end': { isolation: endToEnd() },
  'end-to-end, one image at a time': { isolation: endToEnd(), microBatch: 1 },
  greedy: { isolation: greedy() },
  'windows of two': { isolation: overlapping() },
  'windows of three': { isolation: overlapping({ size: 3 }) }
} as const satisfies Readonly<Record<string, Pick<Experiment, 'isolation' | 'microBatch'>>>
type Way = keyof typeof ways

interface Outcome {
  readonly plannedMb: number
  readonly trains: boolean
  /** The losses' mean after each step, or why there are none. */
  readonly said: string
  readonly secondsPerStep?: number | undefined
}

/** 128 residual blocks of one width at one resolution: every stage costs the same. */
function blocks(): Backbone {
  const norm = normOf('fits', 'batch')
  const [count, width] = [128, 16]
  return {
    name: `${count} residual blocks of ${width} channels`,
    stages: Array.from({ length: count }, (_, i) => {
      const block = residualBlock({ filters: width, norm })
      return stageOf(`block${i + 1}`, chain(i === 0 ? [convBlock({ filters: width, norm }), block] : [block]))
    })
  }
}

async function tried(way: Way): Promise<Outcome> {
  const experiment: Experiment = {
    name: way,
    ...ways[way],
    data: shapes({ limit: 64, size: 64 }),
    batchSize: 16,
    epochs: Infinity,
    views: twoViews(simclr({ size: 64, preset: 'cifar' })),
    backbone: blocks(),
    head: () => projector({ dims: [64, 32] }),
    loss: () => ntXent({ temperature: 0.2 }),
    optimizer: adamW({ learningRate: 1e-3 })
  }
  const { peakBytes } = await plan(experiment, {
    inputShape: [64, 64, 3],
    batch: experiment.batchSize,
    microBatch: experiment.microBatch
  })
  const plannedMb = Math.round(peakBytes / 1e6)
  await useBackend('wasm', { threads: 1, memory: wholeNumber(values.megabytes) * 1e6 })
  const means: string[] = []
  let milliseconds = 0
  try {
    for await (const event of run(experiment, { diagnoseEvery: 0 })) {
      if (event.kind !== 'step') continue
      const losses = Object.values(event.metrics.losses)
      means.push((losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toFixed(2))
      milliseconds = event.metrics.milliseconds
      if (event.metrics.step === wholeNumber(values.steps)) break
    }
    return { plannedMb, trains: true, said: means.join(' '), secondsPerStep: rounded(milliseconds / 1000) }
  } catch (error) {
    if (!(error instanceof OutOfRoom)) throw error
    return { plannedMb, trains: false, said: error.message }
  }
}

if (values.way !== undefined) {
  console.log(JSON.stringify(await tried(values.way as Way)))
  process.exit(0)
}
for (const way of Object.keys(ways)) {
  const args = ['--megabytes', values.megabytes, '--steps', values.steps, '--way', way]
  const { plannedMb, trains, said, secondsPerStep } = await runAgain<Outcome>(args)
  console.log(
    `${way.padEnd(32)} planned ${String(plannedMb).padStart(4)} MB   ` +
      (trains ? `trains: ${secondsPerStep} s a step, losses ${said}` : `does not fit: ${said}`)
  )
}
process.exit(0)
