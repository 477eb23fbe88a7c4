import { resolve } from 'node:path'
import { corruptionKinds, dispose, readStages, useBackend, type BackendName, type StageReadout } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { dataNames } from './data-by-name.ts'
import { dataOfRun } from './data-of-run.ts'
import { corruptionsGiven, corruptionTable, readUnderCorruptions } from './read-under-corruptions.ts'
import { leaveEvaluation, sealOf, type Readout, openRun, runFiles } from '@lapstrake/runs/node'
import { percent } from '../terminal/percent.ts'
import { fewLabelsSaid, labelsGiven, labelsSaid } from './few-labels.ts'
import { fitted } from './fitted.ts'
import { refuseUnlabelled } from './refuse-unlabelled.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

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
    labels: {
      type: 'string',
      description: 'Read with few labels, too: so many of each class, or a part of all, as in 10,100 or 1%,10%'
    },
    draws: { type: 'string', default: '5', description: 'How often so few labels are drawn' },
    corruptions: {
      type: 'string',
      description: `Read corrupted test images, too: all, or some of ${corruptionKinds.join(', ')}`
    },
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const limit = args.test === undefined ? undefined : wholeNumber('--test', args.test, 1)
      const [labels, draws] = [labelsGiven(args.labels), wholeNumber('--draws', args.draws, 1)]
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
      const kinds = args.corruptions === undefined ? undefined : corruptionsGiven(args.corruptions, test)
      const shared = {
        ...{ train, test, labels, draws },
        prepare: fitted(train, manifest.inputShape),
        onProgress: (what: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[2K${what}`)
      }
      const before = await readStages(network, untrained, { ...shared, levels: [network.shapes.length - 1] })
      const after = await readStages(network, trained, shared)
      const left = new Map([...before.unreadable, ...after.unreadable].map(({ example, reason }) => [example, reason]))
      left.forEach((reason, example) => process.stderr.write(`${example} is left out: ${reason}.\n`))
      const [pixels, ...stages] = after.readouts
      const rows = [
        rowOf('raw pixels', pixels!),
        rowOf('untrained, top', before.readouts[0]!),
        ...stages.map((readout, i) => rowOf(`${manifest.name}, ${manifest.stages[i]!}`, readout))
      ]
      const top = rows.at(-1)!.name
      const corrupted = kinds && [
        await readUnderCorruptions('untrained, top', network, untrained, kinds, shared),
        await readUnderCorruptions(top, network, trained, kinds, shared)
      ]
      dispose(untrained)
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
      if (args.data === undefined)
        await leave(args.run, args.weights, {
          ...{ test: test.size, part: test.size === limit, weights: seal ?? '', rows, corrupted }
        })
      process.stdout.write(
        `${train.name}: ${train.size} training and ${test.size} test examples.\n\n${table(
          ['features', 'linear readout', 'nearest neighbours', ...labels.map(labelsSaid)],
          rows.map(({ name, linear, neighbours, lowLabel }) => [
            ...[name, percent(linear), percent(neighbours)],
            ...(lowLabel ?? []).map(fewLabelsSaid)
          ])
        )}\n`
      )
      if (corrupted) process.stdout.write(`\n${corruptionTable(corrupted[1]!, corrupted[0]!)}\n`)
    })
})

const rowOf = (name: string, { linear, neighbours, lowLabel }: StageReadout): Readout => ({
  ...{ name, linear: linear!, neighbours },
  lowLabel: lowLabel.length === 0 ? undefined : lowLabel
})

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
