import { ownData, whereDataLie } from './data-options.ts'
import { quickData } from './quick-data.ts'
import { outcomeOf, raceOf } from './quick-race.ts'
import { useBackend } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { writeOwnFile } from '@lapstrake/runs/node'
import { htmlReport } from '../pages/html-report.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { megabytes } from '../terminal/megabytes.ts'
import { percent } from '../terminal/percent.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { lengthGiven, wholeNumber } from '../terminal/whole-number.ts'

export const quickstartCommand: Command = command({
  meta: {
    name: 'quickstart',
    description: 'Trains one backbone from greedy to end-to-end and compares what was learned: a few minutes.'
  },
  args: {
    data: {
      ...ownData.data,
      description:
        'As for train; fashion-mnist where it is at hand or can be downloaded, else shapes, when left out. ' +
        whereDataLie
    },
    size: ownData.size,
    'labels-from': ownData['labels-from'],
    examples: { type: 'string', default: '4000', description: 'Training examples' },
    epochs: { type: 'string', default: '4', description: 'Times that every example is seen' },
    seed: { type: 'string', default: '0', description: 'Decides weights, order and augmentation' },
    out: { type: 'string', default: 'runs/quickstart', description: 'Folder for the report' },
    json: { type: 'boolean', default: false, description: 'Print JSON' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const seed = wholeNumber('--seed', args.seed, 0)
      const folder = { size: lengthGiven('--size', args.size), labels: args['labels-from'] }
      const examples = wholeNumber('--examples', args.examples, 64)
      const epochs = wholeNumber('--epochs', args.epochs, 1)
      await checkFolderFor('quickstart', '--out', args.out)
      const backend = await useBackend('auto')
      process.stderr.write(`${backend.sentence}\n`)
      const { training, testing, said } = await quickData(args.data, examples, folder)
      process.stderr.write(`${said}\n\n`)
      const { races, baselines } = await raceOf({ training, testing }, { seed, epochs })
      const rows = [
        ...baselines.map(({ name, linear, neighbours }) => [name, percent(linear), percent(neighbours), '', '']),
        ...races.map(({ name, readout, millisecondsPerStep, peakBytes }) => [
          name,
          percent(readout.linear),
          percent(readout.neighbours),
          `${millisecondsPerStep.toFixed(0)} ms`,
          megabytes(peakBytes)
        ])
      ]
      const head = ['', 'linear readout', 'nearest neighbours', 'time per step', 'peak of a step']
      const text = table(head, rows)
      if (!args.json)
        process.stdout.write(
          `\n${said}\nThe same backbone, head, loss, optimizer and seed; ${epochs} ` +
            `epochs.\n\n${text}\n\n${outcomeOf(races)}\n`
        )
      const path = `${args.out}/report.html`
      await writeOwnFile(
        path,
        htmlReport({ said: `${said} ${backend.sentence}`, outcome: outcomeOf(races), head, rows, races })
      )
      await writeOwnFile(`${args.out}/table.txt`, `lapstrake quickstart. ${said}\n\n${text}\n\n${outcomeOf(races)}\n`)
      const ways = races.map(({ readout, millisecondsPerStep, peakBytes }) => ({
        ...readout,
        millisecondsPerStep,
        peakBytes
      }))
      process.stdout.write(
        args.json
          ? `${JSON.stringify({ data: training.name, train: training.size, test: testing.size, baselines, ways })}\n`
          : `\nSaved ${path} (curves and this table) and ${args.out}/table.txt.\n`
      )
      process.exit(0)
    })
})
