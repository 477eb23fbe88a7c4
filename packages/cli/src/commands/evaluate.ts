import { resolve } from 'node:path'
import { corruptionKinds, dispose, readStages, useBackend, type BackendName, type StageReadout } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { dataInPlace, folderInPlace } from './data-options.ts'
import { dataOfRun } from './data-of-run.ts'
import { evaluationAsJson, evaluationSaid, type Read } from './evaluation-said.ts'
import { corruptionsGiven, readUnderCorruptions } from './read-under-corruptions.ts'
import { leaveEvaluation, sealOf, type Readout, openRun, runFiles } from '@lapstrake/runs/node'
import { labelsGiven } from './few-labels.ts'
import { fitted } from './fitted.ts'
import { keptEarly } from './kept-early.ts'
import { labelledOf } from './labelled-of.ts'
import { isUnlabelled, readWithoutLabels, withoutLabelsSaid } from './read-without-labels.ts'
import { atWork } from '../terminal/at-work.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { lengthGiven, wholeNumber } from '../terminal/whole-number.ts'

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
    data: dataInPlace,
    ...folderInPlace,
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
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' },
    json: { type: 'boolean', default: false, description: 'Print JSON' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const limit = args.test === undefined ? undefined : wholeNumber('--test', args.test, 1)
      const folder = { size: lengthGiven('--size', args.size), labels: args['labels-from'] }
      const [labels, draws] = [labelsGiven(args.labels), wholeNumber('--draws', args.draws, 1)]
      process.stderr.write(`${(await useBackend(args.backend as BackendName)).sentence}\n`)
      const seal = await sealOf(resolve(args.run, args.weights))
      const run = await openRun(args.run, { weights: args.weights })
      for (const note of [...run.notes, ...(await keptEarly(args.run, args.weights, run))])
        process.stderr.write(`${note}\n`)
      const { manifest, network, trained } = run
      const all = await dataOfRun(run, 'train', args.data, folder)
      const tests = await dataOfRun(run, 'test', args.data, { limit, ...folder })
      if (isUnlabelled(all) && labels.length === 0 && args.corruptions === undefined) {
        const read = await readWithoutLabels(run, tests)
        process.stdout.write(args.json ? `${JSON.stringify(read)}\n` : withoutLabelsSaid(read))
        return
      }
      const [train, test] = [labelledOf(all), labelledOf(tests)]
      const untrained = run.untrained()
      const kinds = args.corruptions === undefined ? undefined : corruptionsGiven(args.corruptions, test)
      const work = atWork()
      const shared = {
        ...{ train, test, labels, draws },
        prepare: fitted(train, manifest.inputShape),
        onProgress: work.say
      }
      const [levels, told] = [[network.shapes.length - 1], (what: string) => work.say(`Untrained: ${what}`)]
      const before = await readStages(network, untrained, { ...shared, levels, onProgress: told })
      const after = await readStages(network, trained, shared)
      const left = new Map([...before.unreadable, ...after.unreadable].map(({ example, reason }) => [example, reason]))
      left.forEach((reason, example) => process.stderr.write(`${example} is left out: ${reason}.\n`))
      const [pixels, ...stages] = after.readouts
      const rows = [
        rowOf('raw pixels', pixels!),
        rowOf('untrained, top', before.readouts[0]!),
        ...stages.map((readout, i) => rowOf(`${manifest.name}, ${manifest.stages[i]!}`, readout))
      ]
      const part = test.size === limit
      const top = rows.at(-1)!.name
      const corrupted = kinds && [
        await readUnderCorruptions('untrained, top', network, untrained, kinds, shared),
        await readUnderCorruptions(top, network, trained, kinds, shared)
      ]
      dispose(untrained)
      work.end()
      if (args.data === undefined)
        await leave(args.run, args.weights, {
          ...{ test: test.size, part, weights: seal ?? '', rows, corrupted }
        })
      const read: Read = {
        ...{ run: args.run, weights: args.weights, data: train.name, train: train.size, test: test.size, part },
        ...{ rows, labels, corrupted }
      }
      process.stdout.write(args.json ? `${evaluationAsJson(read)}\n` : evaluationSaid(read))
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
