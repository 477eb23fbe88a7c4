import type { CommandDef } from 'citty'
import {
  adamW,
  batchOf,
  convNet,
  createTrainer,
  dispose,
  drawSpans,
  endToEnd,
  fashionMnist,
  greedy,
  meterMemory,
  ntXent,
  overlapping,
  projector,
  readStages,
  seeded,
  simclr,
  train,
  twoViews,
  useBackend,
  warmupCosine,
  type ImageDataset,
  type Data,
  type Experiment,
  type Isolation,
  type Network,
  type StepMetrics,
  type Variables
} from 'lapstrake'
import { command } from '../terminal/command.ts'
import { dataByName, onProgress, usualData } from './data-by-name.ts'
import { median } from '@lapstrake/evaluation/significance'
import { type Readout, writeOwnFile } from '@lapstrake/runs/node'
import { progress } from '../terminal/progress.ts'
import type { Race } from '../pages/race.ts'
import { htmlReport } from '../pages/html-report.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

const isolations: readonly (readonly [string, Isolation])[] = [
  ['end-to-end (SimCLR)', endToEnd()],
  ['greedy (Greedy InfoMax)', greedy()],
  ['overlapping (LoCo)', overlapping()]
]

export const quickstartCommand: CommandDef = command({
  meta: {
    name: 'quickstart',
    description: 'Trains one backbone three ways on real images and compares what they learned: a few minutes.'
  },
  args: {
    data: { type: 'string', description: 'fashion-mnist where it is at hand or can be downloaded, else shapes' },
    examples: { type: 'string', default: '3000', description: 'Training examples' },
    epochs: { type: 'string', default: '8', description: 'Times that every example is seen' },
    seed: { type: 'string', default: '0', description: 'Decides weights, order and augmentation' },
    out: { type: 'string', default: 'runs/quickstart', description: 'Folder for the report' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const seed = wholeNumber('--seed', args.seed, 0)
      const examples = wholeNumber('--examples', args.examples, 64)
      const epochs = wholeNumber('--epochs', args.epochs, 1)
      const backend = await useBackend('auto')
      process.stderr.write(`${backend.sentence}\n`)
      const { training, testing, said } = await data(args.data, examples)
      process.stderr.write(`${said}\n\n`)
      const read = async (
        network: Network,
        variables: readonly Variables[],
        names: Readonly<Record<number, string>>
      ): Promise<readonly Readout[]> => {
        const levels = Object.keys(names).map(Number)
        const { readouts } = await readStages(network, variables, { train: training, test: testing, levels })
        return readouts.map(({ level, linear, neighbours }) => ({ name: names[level]!, linear: linear!, neighbours }))
      }

      const races: Race[] = []
      let baselines: readonly Readout[] = []
      for (const [name, isolation] of isolations) {
        const experiment = quickExperiment(name, isolation, training, epochs)
        const history: StepMetrics[] = []
        const bar = progress(name.padEnd(24), experiment.batchSize)
        const { trainer, state } = await train(experiment, {
          dataset: training,
          seed,
          onStep: metrics => {
            history.push(metrics)
            bar.step(metrics)
          }
        })
        bar.end()
        const depth = experiment.backbone.stages.length
        const untrained = trainer.init(seeded(seed).split('weights'))
        if (baselines.length === 0) {
          baselines = await read(trainer.network, untrained.stages, { 0: 'raw pixels', [depth]: 'untrained encoder' })
        }
        dispose(untrained)
        const [readout] = await read(trainer.network, state.stages, { [depth]: name })
        races.push({
          name,
          spans: drawSpans(isolation(depth), depth),
          history,
          readout: readout!,
          millisecondsPerStep: median(history.slice(3).map(({ milliseconds }) => milliseconds)) ?? 0,
          peakBytes: await peakOfStep(experiment, training, seed)
        })
        dispose(state)
      }

      const rows = [
        ...baselines.map(({ name, linear, neighbours }) => [name, percent(linear), percent(neighbours), '', '']),
        ...races.map(({ name, readout, millisecondsPerStep, peakBytes }) => [
          name,
          percent(readout.linear),
          percent(readout.neighbours),
          `${millisecondsPerStep.toFixed(0)} ms`,
          `${(peakBytes / 1e6).toFixed(1)} MB`
        ])
      ]
      const head = ['', 'linear readout', 'nearest neighbours', 'time per step', 'peak memory']
      const text = table(head, rows)
      process.stdout.write(
        `\n${said}\nThe same backbone, head, loss, optimizer and seed; ${epochs} epochs.\n\n${text}\n`
      )
      const path = `${args.out}/report.html`
      await writeOwnFile(path, htmlReport({ said: `${said} ${backend.sentence}`, head, rows, races }))
      await writeOwnFile(`${args.out}/table.txt`, `lapstrake quickstart. ${said}\n\n${text}\n`)
      process.stdout.write(`\nSaved ${path} (curves and this table) and ${args.out}/table.txt.\n`)
      process.exit(0)
    })
})

/** Fashion-MNIST where it can be had, else drawn shapes; and a sentence that says which. */
async function data(
  name: string | undefined,
  count: number
): Promise<{ training: ImageDataset; testing: ImageDataset; said: string }> {
  const open = async (data: Data<ImageDataset>): Promise<readonly [ImageDataset, ImageDataset]> => [
    await data.open('train', { limit: count, onProgress }),
    await data.open('test', { limit: 1000, onProgress })
  ]
  const describe = (
    [training, testing]: readonly [ImageDataset, ImageDataset],
    why = ''
  ): { training: ImageDataset; testing: ImageDataset; said: string } => ({
    training,
    testing,
    said: `Data: ${training.name}, ${training.size} training and ${testing.size} test images.${why}`
  })
  if (name !== undefined) return describe(await open(dataByName(name)))
  try {
    return describe(await open(fashionMnist()))
  } catch (error) {
    const [reason] = (error as Error).message.split(/[,.] /)
    return describe(await open(usualData), ` Drawn on the spot, for Fashion-MNIST is not at hand (${reason}).`)
  }
}

/** One experiment; only its isolation differs from race to race, so that every way of learning has the same head. */
function quickExperiment(name: string, isolation: Isolation, training: ImageDataset, epochs: number): Experiment {
  const batchSize = 64
  const [size, , channels] = training.shape
  return {
    name,
    isolation,
    backbone: convNet({ widths: [24, 32, 48, 64], strides: [2, 2, 2, 1], layers: 1 }),
    head: () => projector({ dims: [64, 64] }),
    loss: () => ntXent({ temperature: 0.2 }),
    optimizer: adamW({
      learningRate: warmupCosine({
        peak: 3e-3,
        total: Math.max(20, epochs * Math.floor(training.size / batchSize)),
        warmup: 10
      })
    }),
    views: twoViews(
      channels === 1 ? simclr({ size, preset: 'gray' }) : simclr({ size, preset: 'cifar', leastArea: 0.4 })
    ),
    batchSize,
    epochs
  }
}

/** The most memory that one step holds above what rests between steps. */
async function peakOfStep(experiment: Experiment, training: ImageDataset, seed: number): Promise<number> {
  const trainer = createTrainer(experiment, { inputShape: training.shape })
  const state = trainer.init(seeded(seed).split('weights'))
  const places = Array.from({ length: experiment.batchSize }, (_, i) => i)
  const batch = await batchOf(training, places, { views: experiment.views, random: seeded(seed) })
  const meter = meterMemory()
  const result = trainer.step(state, batch)
  meter.stop()
  dispose(batch)
  dispose(result.losses)
  dispose(result.state)
  return meter.peak()
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`
