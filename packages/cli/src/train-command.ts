import { readFile, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import type { CommandDef } from 'citty'
import { createTwoFilesPatch } from 'diff'
import {
  describeRun, dispose, train, TrainingStopped, useBackend, type BackendChoice, type BackendName, type Dataset, type Experiment, type StepMetrics
} from 'lapstrake'
import { command } from './command.ts'
import { dataByName, dataNames } from './data-by-name.ts'
import { diagnosesTable, explanation, stagesTable } from './diagnoses-tables.ts'
import { dataFingerprint, recipeFingerprint } from './fingerprints.ts'
import { howToType } from './how-to-type.ts'
import { loadExperiment } from './load-experiment.ts'
import { progress } from './progress.ts'
import { createRunDirectory, holdsRun, readManifest, reopenRunDirectory, type Manifest, type RunDirectory, type RunOptions } from './run-directory.ts'
import { quietly } from './stop-quietly.ts'
import { stageNames } from './stage-names.ts'
import { openBoard } from './tensorboard.ts'
import { wholeNumber } from './whole-number.ts'

export const trainCommand: CommandDef = command({
  meta: { name: 'train', description: 'Trains the experiment that a recipe file exports, and saves the run.' },
  args: {
    recipe: { type: 'positional', required: false, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
    data: { type: 'string', description: `${dataNames.join(', ')}, or a folder of images; the recipe's own when left out` },
    examples: { type: 'string', description: 'Use only the first training examples; a teacher that is trained first learns from the same' },
    epochs: { type: 'string', description: 'Times that every example is seen; a teacher that is trained first keeps to its own' },
    seed: { type: 'string', description: 'Decides weights, order and augmentation; 0 when left out' },
    backend: { type: 'string', description: 'auto, node, webgpu, wasm or cpu; auto when left out' },
    threads: { type: 'string', description: 'Threads of the wasm backend; as many as processors, up to eight, when left out' },
    out: { type: 'string', description: 'Folder of the run; runs/<name>-<seed> when left out' },
    overwrite: { type: 'boolean', default: false, description: 'Replace the run in that folder, once the new one is finished' },
    resume: { type: 'string', description: 'The folder of a run that ended early, to go on with, as it was begun; or, beside a recipe, the file of one that was saved elsewhere' },
    force: { type: 'boolean', default: false, description: 'Go on with --resume although the recipe or the data has changed since' },
    tensorboard: { type: 'boolean', default: false, description: 'Also write what TensorBoard reads, into tensorboard/ of the run' },
    'checkpoint-every': { type: 'string', description: 'Steps after which the run is kept for good, in checkpoints/; never when left out' },
    'keep-every': { type: 'string', description: 'Seconds after which the run is kept again, to go on with should the machine fail; 60 when left out' }
  },
  run: ({ args }) => quietly(async () => {
    const { experiment, dataset, seed, backend, run, resume, place, options, recorded = [] } = await beginning(args)
    process.stderr.write(`${backend.sentence}\nData: ${dataset.name}, ${dataset.size} training examples of ${dataset.shape.join(' × ')}.\n`)
    const batches = Math.floor(dataset.size / experiment.batchSize)
    const wanted = experiment.epochs * batches
    if (resume !== undefined) process.stderr.write(goingOn(describeRun(resume).step, wanted))
    const every = 1000 * (options['keep-every'] ?? 60)
    const checkpointEvery = options['checkpoint-every'] ?? Infinity
    const isBest = bestEpoch(batches)
    recorded.forEach(isBest)
    let kept = performance.now()
    let warned = false
    /** A disk that is full now may have room in a minute; a run of a day does not end for it. */
    const orWarn = async (write: () => Promise<void>): Promise<void> => write().catch((error: Error) => {
      if (!warned) process.stderr.write(`\n${error.message} Training goes on; what cannot be kept now is tried again.\n`)
      warned = true
    })
    const board = options.tensorboard ? await openBoard({ folder: run.folder, experiment, dataset, seed, ...(resume && { after: describeRun(resume).step }) }) : undefined
    const stop = new AbortController()
    process.once('SIGINT', () => {
      process.stderr.write('\nFinishing the step, then saving.\n')
      stop.abort()
      // A second Ctrl-C means it.
      process.once('SIGINT', () => process.exit(130))
    })
    const bar = progress(experiment.name, experiment.batchSize)
    const teaching = experiment.teacher && 'trainedBy' in experiment.teacher ? experiment.teacher.trainedBy : undefined
    const teacherBar = teaching && progress(`${teaching.name} (the teacher)`, teaching.batchSize)
    // A run that was stopped behind its last step takes none that could tell.
    let planned = resume === undefined ? 0 : wanted
    let last: StepMetrics | undefined
    try {
      const { trainer, state, interrupted } = await train(experiment, dataset, {
        seed,
        signal: stop.signal,
        ...(resume && { resume }),
        onTeacherStep(metrics) {
          teacherBar?.step(metrics)
          if (metrics.step === metrics.steps) teacherBar?.end()
        },
        onWarning: warning => process.stderr.write(`${warning}\n`),
        async onStep(metrics, state, save) {
          planned = metrics.steps
          if (metrics.diagnoses) last = metrics
          bar.step(metrics)
          await orWarn(() => run.record(metrics))
          if (board) await orWarn(() => board.step(metrics, state))
          if (isBest(metrics)) await orWarn(() => run.keepBest(state))
          if (metrics.step % checkpointEvery === 0) await orWarn(async () => run.checkpoint(await save(), metrics.step))
          const ends = metrics.step === metrics.steps || stop.signal.aborted
          if (!ends && performance.now() - kept < every) return
          kept = performance.now()
          if (ends) await run.keep(await save())
          else await orWarn(async () => run.keep(await save()))
        }
      })
      bar.end()
      if (board) await orWarn(() => board.end(trainer, state))
      const saved = await run.save(state, planned)
      const untouched = saved === place ? '' : `; ${place} is as it was`
      dispose(state)
      if (last && Object.keys(last.diagnoses ?? {}).length > 0) process.stderr.write(`${diagnosesTable(last)}\n\n${stagesTable(last, stageNames(experiment))}\nWhat the columns say: ${explanation}\n`)
      process.stderr.write(`Saved ${saved}${interrupted ? ', interrupted' : ''}${untouched}. Next: ${howToType(interrupted && planned > 0 ? `train --resume ${saved}` : `evaluate ${saved}`)}\n`)
      process.exit(interrupted ? 130 : 0)
    } catch (error) {
      bar.end()
      if (error instanceof TrainingStopped) {
        process.stderr.write(`Saved the last good state in ${await run.save(error.state, planned)}.\n`)
      } else if (resume === undefined && planned === 0) await run.discard()
      throw error
    }
  })
})

/** What `train` works with, however it begins. */
interface Beginning {
  readonly experiment: Experiment
  readonly dataset: Dataset
  readonly seed: number
  readonly backend: BackendChoice
  readonly run: RunDirectory
  /** Where the run is to lie. */
  readonly place: string
  readonly resume?: Uint8Array
  readonly options: RunOptions
  /** The steps that a resumed run took before. */
  readonly recorded?: readonly StepMetrics[]
}

type Given = Readonly<Partial<Record<'recipe' | 'data' | 'examples' | 'seed' | 'out' | Exclude<keyof RunOptions, 'tensorboard'>, string | undefined>>> &
  Readonly<Record<'overwrite' | 'force' | 'tensorboard', boolean>>

/** The least that is allowed. */
const numbers = { epochs: 1, threads: 1, 'checkpoint-every': 1, 'keep-every': 0 } as const

/** What was given of it. */
const optionsOf = ({ tensorboard, backend, ...given }: Given): RunOptions => ({
  ...(tensorboard && { tensorboard }), ...(backend !== undefined && { backend }),
  ...Object.fromEntries(Object.entries(numbers).flatMap(([name, least]) => {
    const text = given[name as keyof typeof numbers]
    return text === undefined ? [] : [[name, wholeNumber(`--${name}`, text, least)]]
  }))
})

async function beginning({ resume, ...given }: Given & { readonly resume?: string | undefined }): Promise<Beginning> {
  if (resume === undefined) return begin(given)
  const isFile = await stat(resume).then(found => found.isFile(), () => false)
  return isFile ? begin(given, await readFile(resume)) : goOn(resume, given)
}

async function begin(given: Given, resume?: Uint8Array): Promise<Beginning> {
  if (given.recipe === undefined) throw new Error('train: expected a recipe file, such as docs/recipes/03-loco.ts, or a run to go on with: --resume runs/loco-0')
  const options = optionsOf(given)
  const experiment = longer(await loadExperiment(given.recipe), options)
  const seed = given.seed === undefined && resume ? describeRun(resume).seed : wholeNumber('--seed', given.seed ?? '0', 0)
  const place = given.out ?? `runs/${experiment.name}-${seed}`
  if (!given.overwrite && holdsRun(place)) {
    throw new Error(`train: expected a folder without a run, got ${place}, which holds one. Choose another with --out, replace the run with --overwrite, or go on with it with --resume ${place}.`)
  }
  const backend = await chosenBackend(options)
  const data = given.data ?? experiment.data ?? 'shapes'
  const dataset = await dataByName(data, 'train', given.examples === undefined ? experiment.examples : wholeNumber('--examples', given.examples, 1))
  const run = await createRunDirectory({ path: place, experiment, recipePath: given.recipe, data, dataset, seed, backend, options: { ...options, backend: backend.name } })
  return { experiment, dataset, seed, backend, run, place, options, ...(resume && { resume }) }
}

async function goOn(place: string, given: Given): Promise<Beginning> {
  const decided = (['recipe', 'data', 'examples', 'seed', 'out'] as const).find(option => given[option] !== undefined) ?? (given.overwrite ? 'overwrite' : undefined)
  if (decided !== undefined) {
    throw new Error(`train: expected no ${decided === 'recipe' ? 'recipe' : `--${decided}`} beside --resume ${place}: a run goes on with what it was begun with. Leave it out, or begin a run of its own with --out.`)
  }
  const manifest = await readManifest(place)
  const options = { ...manifest.options, ...optionsOf(given) }
  const recipe = join(place, manifest.recipe)
  const experiment = longer(await loadExperiment(recipe), options)
  const dataset = await dataByName(manifest.data, 'train', manifest.examples)
  const differences = await changes(place, manifest, dataset)
  if (differences.length > 0) {
    const told = `train: expected what the run in ${place} was begun with, but since then\n${differences.join('\n')}\n`
    if (!given.force) throw new Error(`${told}Put it back, or go on with what there is now: --resume ${place} --force`)
    process.stderr.write(`${told}Going on all the same.\n`)
  }
  const backend = await chosenBackend(options)
  // Nothing of the folder changes before all that was asked is known to be right.
  const { run: resume, directory, recorded } = await reopenRunDirectory(place, { ...manifest, options })
  return { experiment, dataset, seed: manifest.seed, backend, run: directory, place, resume, options, recorded }
}

/** What is no longer as it was when a run began, in sentences. */
async function changes(place: string, { recipe, recipeHashes, data, dataHash }: Manifest, dataset: Dataset): Promise<string[]> {
  const path = join(place, recipe)
  const now = await recipeFingerprint(path)
  const [before, after] = [await readFile(join(place, 'recipe.ts'), 'utf8'), await readFile(path, 'utf8')]
  const imported = Object.keys({ ...recipeHashes, ...now }).filter(name => recipeHashes !== undefined && join(dirname(path), name) !== path && recipeHashes[name] !== now[name])
  return [
    ...(before === after ? [] : [`- the recipe has changed:\n${createTwoFilesPatch(join(place, 'recipe.ts'), path, before, after, '', '', { context: 1 }).split('\n').slice(1).join('\n').trimEnd()}`]),
    ...imported.map(name => `- ${join(dirname(path), name)}, which the recipe imports, has changed`),
    ...(dataHash === undefined || dataHash === await dataFingerprint(dataset) ? [] : [`- the data of "${data}" has changed: ${dataset.size} examples now, and not the same`])
  ]
}

/** Says at the end of an epoch whether its losses were the lowest so far, on average and together. */
function bestEpoch(steps: number): (metrics: StepMetrics) => boolean {
  let [total, taken, best] = [0, 0, Infinity]
  return ({ step, losses }) => {
    total += Object.values(losses).reduce((sum, loss) => sum + loss, 0)
    taken++
    if (step % steps !== 0) return false
    const mean = total / taken;
    [total, taken] = [0, 0]
    const better = mean < best
    best = Math.min(best, mean)
    return better
  }
}

const goingOn = (step: number, planned: number): string =>
  (step < planned ? `Going on behind step ${step}.\n` : `All ${planned} steps were taken: nothing is left to train. For more, give it more --epochs.\n`)

const longer = (experiment: Experiment, { epochs }: RunOptions): Experiment =>
  (epochs === undefined ? experiment : { ...experiment, epochs })

function chosenBackend({ backend = 'auto', threads }: RunOptions): Promise<BackendChoice> {
  if (threads !== undefined && threads > availableParallelism()) process.stderr.write(`${threads} threads share ${availableParallelism()} processors here: fewer are faster.\n`)
  return useBackend(backend as BackendName, threads === undefined ? {} : { threads })
}
