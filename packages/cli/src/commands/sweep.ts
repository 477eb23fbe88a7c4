import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import type { CommandDef } from 'citty'
import { sweepVariants, type Sweep, type SweepVariant } from 'lapstrake'
import {
  compareRuns,
  loadSweep,
  readManifest,
  type Manifest,
  recipeChanges,
  readRun,
  canGoOn,
  settled,
  runFiles,
  writeOwnFile
} from '@lapstrake/runs/node'
import { makeFolder } from 'lapstrake/node'
import { command } from '../terminal/command.ts'
import { comparisonText } from './compare.ts'
import { dataByName } from './data-by-name.ts'
import { duration } from '../terminal/duration.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

export const sweepCommand: CommandDef = command({
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
    data: { type: 'string', description: 'As for train' },
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
      const sweep = await loadSweep(args.sweep)
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
      const { data } = args
      const examples = args.examples === undefined ? undefined : wholeNumber('--examples', args.examples, 1)
      if (data !== undefined) dataByName(data)
      const runs = await runsOf(sweep, resolve(args.sweep), out, overrides)
      if (!args.overwrite) await refuseChanged(runs, { data, examples })
      process.stderr.write(`${runs.length} runs in ${out}, ${Math.min(jobs, runs.length)} at a time.\n`)
      const chosen = [
        ...(data === undefined ? [] : ['--data', data]),
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

/** One run of a sweep. */
interface SweepRun {
  readonly name: string
  readonly seed: number
  /** Its recipe file, written here. */
  readonly recipe: string
  /** What was there before. */
  readonly before: string | undefined
  readonly folder: string
}

/** How a run ended, and what there is to say of it. */
interface Outcome {
  readonly ended: 'finished' | 'kept' | 'interrupted' | 'crashed' | 'not begun'
  readonly said?: string | undefined
}

/** Writes a recipe file for each experiment, so that every command knows its runs as any other. */
async function runsOf(sweep: Sweep, file: string, out: string, overrides: object): Promise<readonly SweepRun[]> {
  const variants = sweepVariants(sweep)
  const recipes = join(out, 'recipes')
  return (
    await Promise.all(
      variants.map(async variant => {
        const recipe = join(recipes, `${variant.name}.mjs`)
        const before = await readFile(recipe, 'utf8').catch(() => undefined)
        await writeOwnFile(
          recipe,
          recipeFile(variant, relative(resolve(recipes), file).replaceAll('\\', '/'), overrides)
        )
        return sweep.seeds.map(
          (seed): SweepRun => ({
            name: variant.name,
            seed,
            recipe,
            before,
            folder: join(out, `${variant.name}-${seed}`)
          })
        )
      })
    )
  ).flat()
}

/**
 * The recipe of one experiment: what a person would write. A field that the command line decides has no other choice.
 */
function recipeFile({ name, choices }: SweepVariant, sweep: string, overrides: object): string {
  const chosen = Object.entries(choices).map(
    ([field, choice]) => `  ${field}: fields.${field}[${JSON.stringify(choice)}],\n`
  )
  const decided = Object.entries(overrides).map(([field, value]) => `  ${field}: ${JSON.stringify(value)},\n`)
  return `// Written by lapstrake sweep.
import sweep from ${JSON.stringify(sweep.startsWith('.') ? sweep : `./${sweep}`)}

// A file that is taken for CommonJS keeps its default one level down.
const { recipe, fields } = sweep.default ?? sweep
export default {
  ...recipe,
  name: ${JSON.stringify(name)},
${[...chosen, ...decided].join('')}}
`
}

/** The manifest in the folder of a run, where there is one. */
const manifestIn = async (folder: string): Promise<Manifest | undefined> =>
  existsSync(join(await settled(folder), runFiles.manifest)) ? readManifest(folder) : undefined

/** Runs of another recipe than the one at hand are no runs of this sweep. Their recipes stay as they were. */
async function refuseChanged(
  runs: readonly SweepRun[],
  { data, examples }: { readonly data: string | undefined; readonly examples: number | undefined }
): Promise<void> {
  const changed = await Promise.all(
    runs.map(async ({ folder, recipe }) => {
      const manifest = await manifestIn(folder)
      if (manifest === undefined) return []
      const {
        steps: [taken],
        finished,
        options
      } = manifest
      if (taken === 0 && !finished && !canGoOn(folder)) return []
      const same = options.data === data && options.examples === examples
      return same && (await recipeChanges(folder, { recipe })) === undefined ? [] : [folder]
    })
  )
  const [first, ...more] = changed.flat()
  if (first === undefined) return
  for (const { recipe, before } of runs) if (before !== undefined) await writeOwnFile(recipe, before)
  const others = more.length === 0 ? '' : ` and ${more.length} other runs`
  throw new Error(
    `sweep: expected the recipe that ${first}${others} began with, but it, the fields of the sweep or an option ` +
      'such as --epochs has changed since. ' +
      'Put it back, train every run anew with --overwrite, or choose another folder with --out.'
  )
}

interface Pool {
  train(run: SweepRun): Promise<Outcome>
  stopping(): boolean
}

/**
 * Trains runs in processes of their own, with what is `chosen` where they begin. One that crashes leaves the others; Ctrl-C lets each save and ends them all.
 */
function poolOf(chosen: readonly string[], options: readonly string[], overwrite: boolean): Pool {
  const running = new Set<ChildProcess>()
  let stopping = false
  const stop = (): void => {
    process.stderr.write(
      stopping ? 'Ending at once.\n' : 'Each run finishes its step and saves; once more to end at once.\n'
    )
    stopping = true
    for (const child of running) child.kill('SIGINT')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
  process.on('exit', () => running.forEach(child => child.kill('SIGKILL')))
  return {
    stopping: () => stopping,
    async train({ name, seed, recipe, folder }) {
      const manifest = await manifestIn(folder).catch((error: Error) => error)
      if (manifest instanceof Error) return { ended: 'crashed', said: manifest.message }
      if (manifest?.finished && !overwrite) return { ended: 'kept', said: 'it was finished before' }
      const resumes = !overwrite && manifest !== undefined && canGoOn(folder)
      const given = resumes
        ? ['--resume', folder]
        : [recipe, ...chosen, '--seed', String(seed), '--out', folder, '--overwrite']
      process.stderr.write(`${name}, seed ${seed}: ${resumes ? 'goes on' : 'begins'}\n`)
      const began = performance.now()
      // A group of its own: Ctrl-C in the terminal reaches this process alone, which passes it on once.
      const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'train', ...given, ...options], {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true
      })
      running.add(child)
      let said = ''
      child.stderr!.on('data', (chunk: Buffer) => {
        said += chunk.toString()
      })
      const [code, signal] = await new Promise<[number | null, NodeJS.Signals | string | null]>(resolve => {
        child.once('error', error => resolve([null, error.message]))
        child.once('close', (code, signal) => resolve([code, signal]))
      })
      running.delete(child)
      await makeFolder(dirname(folder))
        .then(() => writeOwnFile(`${folder}.log`, `lapstrake train ${given.join(' ')}\n${said}`))
        .catch((error: Error) => process.stderr.write(`${error.message}\n`))
      const outcome: Outcome =
        code === 0
          ? { ended: 'finished', said: `in ${duration((performance.now() - began) / 1000)}` }
          : stopping
            ? {
                ended: 'interrupted',
                said: canGoOn(folder)
                  ? 'goes on when the sweep is begun again'
                  : 'begins anew when the sweep is begun again'
              }
            : {
                ended: 'crashed',
                said: `${
                  signal === null
                    ? said
                        .trim()
                        .split(/[\r\n]+/)
                        .at(-1)!
                    : `by ${signal}`
                } See ${folder}.log`
              }
      process.stderr.write(`${name}, seed ${seed}: ${outcome.ended} ${outcome.said}\n`)
      return outcome
    }
  }
}
