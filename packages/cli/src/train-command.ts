import { readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CommandDef } from 'citty'
import {
  describeRun, dispose, train, TrainingStopped, useBackend, type BackendChoice, type BackendName, type Dataset, type Experiment, type StepMetrics
} from 'lapstrake'
import { command } from './command.ts'
import { dataByName, dataNames } from './data-by-name.ts'
import { howToType } from './how-to-type.ts'
import { loadExperiment } from './load-experiment.ts'
import { progress } from './progress.ts'
import { createRunDirectory, holdsRun, reopenRunDirectory, type RunDirectory } from './run-directory.ts'
import { quietly } from './stop-quietly.ts'
import { table } from './table.ts'
import { wholeNumber } from './whole-number.ts'

export const trainCommand: CommandDef = command({
  meta: { name: 'train', description: 'Trains the experiment that a recipe file exports, and saves the run.' },
  args: {
    recipe: { type: 'positional', required: false, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
    data: { type: 'string', description: `${dataNames.join(', ')}, or a folder of images; the recipe's own when left out` },
    examples: { type: 'string', description: 'Use only the first training examples; a teacher that is trained first learns from the same' },
    epochs: { type: 'string', description: 'Times that every example is seen; a teacher that is trained first keeps to its own' },
    seed: { type: 'string', description: 'Decides weights, order and augmentation; 0 when left out' },
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' },
    threads: { type: 'string', description: 'Threads of the wasm backend; as many as processors, up to eight, when left out' },
    out: { type: 'string', description: 'Folder of the run; runs/<name>-<seed> when left out' },
    overwrite: { type: 'boolean', default: false, description: 'Replace the run in that folder, once the new one is finished' },
    resume: { type: 'string', description: 'The folder of a run that ended early, to go on with; or, beside a recipe, the file of one that was saved elsewhere' },
    'keep-every': { type: 'string', default: '60', description: 'Seconds after which the run is kept again, to go on with should the machine fail' }
  },
  run: ({ args }) => quietly(async () => {
    const { experiment, dataset, seed, backend, run, resume, place } = await beginning(args)
    process.stderr.write(`${backend.sentence}\nData: ${dataset.name}, ${dataset.size} training examples of ${dataset.shape.join(' × ')}.\n`)
    if (resume !== undefined) process.stderr.write(`Going on behind step ${describeRun(resume).step}.\n`)
    const every = 1000 * wholeNumber('--keep-every', args['keep-every'], 0)
    let kept = performance.now()
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
    let planned = 0
    let last: StepMetrics | undefined
    try {
      const { state, interrupted } = await train(experiment, dataset, {
        seed,
        signal: stop.signal,
        ...(resume && { resume }),
        onTeacherStep(metrics) {
          teacherBar?.step(metrics)
          if (metrics.step === metrics.steps) teacherBar?.end()
        },
        onWarning: warning => process.stderr.write(`${warning}\n`),
        async onStep(metrics, _, save) {
          planned = metrics.steps
          if (metrics.diagnoses) last = metrics
          bar.step(metrics)
          await run.record(metrics)
          if (metrics.step < metrics.steps && !stop.signal.aborted && performance.now() - kept < every) return
          await run.keep(await save())
          kept = performance.now()
        }
      })
      bar.end()
      const saved = await run.save(state, planned)
      const untouched = saved === place ? '' : `; ${place} is as it was`
      dispose(state)
      if (last && Object.keys(last.diagnoses ?? {}).length > 0) process.stderr.write(`${diagnosesTable(last)}\nWhat the columns say: ${explanation}\n`)
      process.stderr.write(`Saved ${saved}${interrupted ? ', interrupted' : ''}${untouched}. Next: ${howToType(interrupted && planned > 0 ? `train --resume ${saved}` : `evaluate ${saved}`)}\n`)
      process.exit(interrupted ? 130 : 0)
    } catch (error) {
      bar.end()
      if (error instanceof TrainingStopped) {
        process.stderr.write(`Saved the last good state in ${await run.save(error.state, planned)}.\n`)
      }
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
}

type Given = Readonly<Partial<Record<'recipe' | 'data' | 'examples' | 'epochs' | 'seed' | 'threads' | 'out', string | undefined>>> & { readonly backend: string; readonly overwrite: boolean }

async function beginning({ resume, ...given }: Given & { readonly resume?: string | undefined }): Promise<Beginning> {
  if (resume === undefined) return begin(given)
  const isFile = await stat(resume).then(found => found.isFile(), () => false)
  return isFile ? begin(given, await readFile(resume)) : goOn(resume, given)
}

async function begin(given: Given, resume?: Uint8Array): Promise<Beginning> {
  if (given.recipe === undefined) throw new Error('train: expected a recipe file, such as docs/recipes/03-loco.ts, or a run to go on with: --resume runs/loco-0')
  const experiment = longer(await loadExperiment(given.recipe), given)
  const seed = given.seed === undefined && resume ? describeRun(resume).seed : wholeNumber('--seed', given.seed ?? '0', 0)
  const place = given.out ?? `runs/${experiment.name}-${seed}`
  if (!given.overwrite && holdsRun(place)) {
    throw new Error(`train: expected a folder without a run, got ${place}, which holds one. Choose another with --out, replace the run with --overwrite, or go on with it with --resume ${place}.`)
  }
  const backend = await chosenBackend(given)
  const data = given.data ?? experiment.data ?? 'shapes'
  const dataset = await dataByName(data, 'train', given.examples === undefined ? experiment.examples : wholeNumber('--examples', given.examples, 1))
  const run = await createRunDirectory({ path: place, experiment, recipePath: given.recipe, data, examples: dataset.size, seed, backend })
  return { experiment, dataset, seed, backend, run, place, ...(resume && { resume }) }
}

async function goOn(place: string, given: Given): Promise<Beginning> {
  const decided = (['recipe', 'data', 'examples', 'seed', 'out'] as const).find(option => given[option] !== undefined) ?? (given.overwrite ? 'overwrite' : undefined)
  if (decided !== undefined) throw new Error(`train: expected no ${decided === 'recipe' ? 'recipe' : `--${decided}`} beside --resume: a run goes on with what it was begun with.`)
  const { manifest, run: resume, directory } = await reopenRunDirectory(place)
  const recipe = join(place, manifest.recipe)
  const experiment = longer(await loadExperiment(recipe), given)
  if (!(await readFile(recipe)).equals(await readFile(join(place, 'recipe.ts')))) {
    process.stderr.write(`${recipe} has changed since the run began (${join(place, 'recipe.ts')}); it goes on with what the file says now.\n`)
  }
  const backend = await chosenBackend(given)
  return { experiment, dataset: await dataByName(manifest.data, 'train', manifest.examples), seed: manifest.seed, backend, run: directory, place, resume }
}

const longer = (experiment: Experiment, { epochs }: Given): Experiment =>
  (epochs === undefined ? experiment : { ...experiment, epochs: wholeNumber('--epochs', epochs, 1) })

const chosenBackend = ({ backend, threads }: Given): Promise<BackendChoice> =>
  useBackend(backend as BackendName, threads === undefined ? {} : { threads: wholeNumber('--threads', threads, 1) })

const explanation = `${relative('', fileURLToPath(new URL('../README.md', import.meta.url)))}, "What train prints"`

/** What the units' embeddings tell, beside the loss that equal ones would cost. */
const diagnosesTable = ({ step, losses, diagnoses = {} }: StepMetrics): string => table(
  [`step ${step}`, 'loss', 'at collapse', 'cosine of views', 'of others', 'top-1', 'alignment', 'uniformity', 'deviation', 'effective rank'],
  Object.entries(diagnoses).map(([unit, found]) => [
    unit, ...[losses[unit]!, found.plateau, found.positiveSimilarity, found.negativeSimilarity].map(value => value === undefined ? '' : signed(value)),
    `${(100 * found.topOne).toFixed(1)} %`,
    ...[found.alignment, found.uniformity, found.deviation].map(signed), found.effectiveRank.toFixed(1)
  ]))

const signed = (value: number): string => value.toFixed(3).replace('-', '−')
