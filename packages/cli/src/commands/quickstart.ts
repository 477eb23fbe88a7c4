import { quickData } from './quick-data.ts'
import { outcomeOf, raceOf } from './quick-race.ts'
import { useBackend } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { writeOwnFile } from '@lapstrake/runs/node'
import { htmlReport } from '../pages/html-report.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { percent } from '../terminal/percent.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

export const quickstartCommand: Command = command({
  meta: {
    name: 'quickstart',
    description: 'Trains one backbone from greedy to end-to-end and compares what was learned: a few minutes.'
  },
  args: {
    data: { type: 'string', description: 'fashion-mnist where it is at hand or can be downloaded, else shapes' },
    examples: { type: 'string', default: '4000', description: 'Training examples' },
    epochs: { type: 'string', default: '4', description: 'Times that every example is seen' },
    seed: { type: 'string', default: '0', description: 'Decides weights, order and augmentation' },
    out: { type: 'string', default: 'runs/quickstart', description: 'Folder for the report' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const seed = wholeNumber('--seed', args.seed, 0)
      const examples = wholeNumber('--examples', args.examples, 64)
      const epochs = wholeNumber('--epochs', args.epochs, 1)
      await checkFolderFor('quickstart', '--out', args.out)
      const backend = await useBackend('auto')
      process.stderr.write(`${backend.sentence}\n`)
      const { training, testing, said } = await quickData(args.data, examples)
      process.stderr.write(`${said}\n\n`)
      const { races, baselines } = await raceOf({ training, testing }, { seed, epochs })
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
        `\n${said}\nThe same backbone, head, loss, optimizer and seed; ${epochs} ` +
          `epochs.\n\n${text}\n\n${outcomeOf(races)}\n`
      )
      const path = `${args.out}/report.html`
      await writeOwnFile(
        path,
        htmlReport({ said: `${said} ${backend.sentence}`, outcome: outcomeOf(races), head, rows, races })
      )
      await writeOwnFile(`${args.out}/table.txt`, `lapstrake quickstart. ${said}\n\n${text}\n\n${outcomeOf(races)}\n`)
      process.stdout.write(`\nSaved ${path} (curves and this table) and ${args.out}/table.txt.\n`)
      process.exit(0)
    })
})
