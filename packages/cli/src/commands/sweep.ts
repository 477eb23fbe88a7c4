import { availableParallelism } from 'node:os'
import { basename, extname, join, resolve } from 'node:path'
import { compareRuns, loadSweep, readRun } from '@lapstrake/runs/node'
import { command, type Command } from '../terminal/command.ts'
import { comparisonText } from './compare.ts'
import { dataByName, placeOf, refuseOfFolder, tableOf } from './data-by-name.ts'
import { whereDataLie } from './data-options.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { lengthGiven, wholeNumber } from '../terminal/whole-number.ts'
import { runsOf, refuseChanged } from './sweep-runs.ts'
import { poolOf, type Outcome } from './sweep-pool.ts'

export const sweepCommand: Command = command({
  meta: {
    name: 'sweep',
    description:
      'Trains a recipe with every choice for its fields and every seed, some at a time. What is finished is kept, ' +
      'what was interrupted goes on.'
  },
  args: {
    sweep: {
      type: 'positional',
      required: true,
      description: 'A file that exports { recipe, seeds, fields } by default'
    },
    jobs: { type: 'string', description: 'Runs at a time; half as many as processors when left out' },
    out: { type: 'string', description: 'Folder of the runs; runs/<name of the file> when left out' },
    overwrite: { type: 'boolean', default: false, description: 'Train every run anew' },
    data: { type: 'string', description: `As for train. ${whereDataLie}` },
    size: { type: 'string', description: 'As for train' },
    'labels-from': { type: 'string', description: 'As for train' },
    examples: { type: 'string', description: 'As for train' },
    epochs: { type: 'string', description: 'As for train' },
    backend: { type: 'string', default: 'auto', description: 'As for train' },
    threads: {
      type: 'string',
      description: 'Threads of each run on the wasm backend; the processors divided by the jobs when left out'
    },
    tensorboard: { type: 'boolean', default: false, description: 'As for train' },
    json: { type: 'boolean', default: false, description: 'Print how each run ended as JSON, instead of tables' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const jobs =
        args.jobs === undefined
          ? Math.max(1, Math.floor(availableParallelism() / 2))
          : wholeNumber('--jobs', args.jobs, 1)
      const threads =
        args.threads === undefined
          ? Math.max(1, Math.floor(availableParallelism() / jobs))
          : wholeNumber('--threads', args.threads, 1)
      const out = args.out ?? join('runs', basename(args.sweep, extname(args.sweep)))
      const overrides = args.epochs === undefined ? {} : { epochs: wholeNumber('--epochs', args.epochs, 1) }
      const data = args.data === undefined ? undefined : placeOf(args.data)
      const from = args['labels-from']
      const labels = from === undefined ? undefined : tableOf(from, data ?? '.')
      const examples = args.examples === undefined ? undefined : wholeNumber('--examples', args.examples, 1)
      const size = lengthGiven('--size', args.size)
      await checkFolderFor('sweep', '--out', out)
      const sweep = await loadSweep(args.sweep)
      const folder = { size, labels }
      if (data !== undefined) dataByName(data, folder)
      else refuseOfFolder(folder, "the recipe's own data")
      const runs = await runsOf(sweep, resolve(args.sweep), out, overrides)
      if (!args.overwrite) await refuseChanged(runs, { data, size, labels, examples })
      process.stderr.write(`${runs.length} runs in ${out}, ${Math.min(jobs, runs.length)} at a time.\n`)
      const chosen = [
        ...(data === undefined ? [] : ['--data', data]),
        ...(size === undefined ? [] : ['--size', String(size)]),
        ...(labels === undefined ? [] : ['--labels-from', labels]),
        ...(examples === undefined ? [] : ['--examples', String(examples)])
      ]
      const pool = poolOf(
        chosen,
        ['--backend', args.backend, '--threads', String(threads), ...(args.tensorboard ? ['--tensorboard'] : [])],
        args.overwrite
      )
      const waiting = [...runs.entries()]
      const outcomes: Outcome[] = runs.map(() => ({ ended: 'not begun' }))
      await Promise.all(
        Array.from({ length: jobs }, async () => {
          for (let next = waiting.shift(); next !== undefined && !pool.stopping(); next = waiting.shift())
            outcomes[next[0]] = await pool.train(next[1])
        })
      )
      const ended = runs.map((run, i) => ({ recipe: run.name, seed: run.seed, folder: run.folder, ...outcomes[i]! }))
      const done = ended.filter(({ ended }) => ended === 'finished' || ended === 'kept')
      const text = table(
        ['recipe', 'seed', 'ended', ''],
        ended.map(({ recipe, seed, ended, said = '' }) => [recipe, String(seed), ended, said])
      )
      const compared =
        done.length === 0
          ? ''
          : `\n${comparisonText(compareRuns(await Promise.all(done.map(({ folder }) => readRun(folder)))))}`
      process.stdout.write(args.json ? `${JSON.stringify(ended, null, 2)}\n` : `${text}\n${compared}`)
      process.exit(pool.stopping() ? 130 : done.length < runs.length ? 1 : 0)
    })
})
