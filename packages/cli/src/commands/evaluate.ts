import { resolve } from 'node:path'
import {
  dispose,
  isImageDataset,
  readStages,
  useBackend,
  type BackendName,
  type Dataset,
  type Shape,
  type StageReadout
} from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { dataNames } from './data-by-name.ts'
import { dataOfRun } from './data-of-run.ts'
import { leaveEvaluation, sealOf, type Readout, openRun, runFiles } from '@lapstrake/runs/node'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import * as tf from '@tensorflow/tfjs-core'

export const evaluateCommand: Command = command({
  meta: {
    name: 'evaluate',
    description: 'Reads out every stage of a run with a linear probe and nearest neighbours, beside baselines.'
  },
  args: {
    run: { type: 'positional', required: true, description: 'The folder of a run' },
    weights: {
      type: 'string',
      default: runFiles.weights,
      description: `The file of the run to read, such as ${runFiles.best}`
    },
    data: {
      type: 'string',
      description: `${dataNames.join(', ')}, or a folder of images, in place of the run's own data`
    },
    test: { type: 'string', description: 'Use only the first test examples' },
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const limit = args.test === undefined ? undefined : wholeNumber('--test', args.test, 1)
      process.stderr.write(`${(await useBackend(args.backend as BackendName)).sentence}\n`)
      const seal = await sealOf(resolve(args.run, args.weights))
      const run = await openRun(args.run, { weights: args.weights })
      run.notes.forEach(note => process.stderr.write(`${note}\n`))
      const { manifest, network, trained } = run
      const untrained = run.untrained()
      const train = await dataOfRun(run, 'train', args.data)
      refuseUnlabelled(train)
      const test = await dataOfRun(run, 'test', args.data, { limit })
      refuseUnlabelled(test)
      const shared = {
        train,
        test,
        prepare: isImageDataset(train) ? fitted(train.shape, manifest.inputShape) : undefined,
        onProgress: (what: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[2K${what}`)
      }
      const before = await readStages(network, untrained, { ...shared, levels: [network.shapes.length - 1] })
      dispose(untrained)
      const after = await readStages(network, trained, shared)
      const left = new Map([...before.unreadable, ...after.unreadable].map(({ example, reason }) => [example, reason]))
      left.forEach((reason, example) => process.stderr.write(`${example} is left out: ${reason}.\n`))
      const [pixels, ...stages] = after.readouts
      const rows = [
        rowOf('raw pixels', pixels!),
        rowOf('untrained, top', before.readouts[0]!),
        ...stages.map((readout, i) => rowOf(`${manifest.name}, ${manifest.stages[i]!}`, readout))
      ]
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
      if (args.data === undefined)
        await leave(args.run, args.weights, { test: test.size, part: test.size === limit, weights: seal ?? '', rows })
      process.stdout.write(
        `${train.name}: ${train.size} training and ${test.size} test examples.\n\n${table(
          ['features', 'linear readout', 'nearest neighbours'],
          rows.map(({ name, linear, neighbours }) => [name, percent(linear), percent(neighbours)])
        )}\n`
      )
    })
})

const rowOf = (name: string, { linear, neighbours }: StageReadout): Readout => ({ name, linear: linear!, neighbours })

/** A run may lie where nothing can be written, and is evaluated all the same. */
async function leave(run: string, weights: string, evaluation: Parameters<typeof leaveEvaluation>[2]): Promise<void> {
  const left = await leaveEvaluation(run, weights, evaluation).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`)
  })
  if (left === false)
    process.stderr.write(
      `${run} keeps its evaluation of ${weights}, which is over more test examples; this one is only printed.\n`
    )
}

/** A readout learns to name classes: of data without any it would say so only after it has looked at them all. */
function refuseUnlabelled({ name, size, labels }: Dataset): void {
  const without = labels?.reduce((count, label) => count + Number(label < 0), 0) ?? 0
  if (without === 0) return
  throw new Error(
    `evaluate: expected examples with labels, got ${without === size ? 'none' : `${size - without} of ${size}`} in ` +
      `${name}. Put images into a folder for each class, or name labelled data with --data.`
  )
}

/** Brings images to the size that the network learnt from, where that is another. */
function fitted(data: Shape, input: Shape): (images: tf.Tensor) => tf.Tensor {
  if (input.length !== 3 || (data[0] === input[0] && data[1] === input[1])) return images => images
  const [height, width] = input as [number, number, number]
  process.stderr.write(
    `Images of ${data[0]} × ${data[1]} are resized to ${height} × ${width}, the size that the network learnt from.\n`
  )
  return images => tf.image.resizeBilinear(images as tf.Tensor4D, [height, width], false, true)
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`
