import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CommandDef } from 'citty'
import { dispose, train, TrainingStopped, useBackend, type BackendName, type StepMetrics } from 'lapstrake'
import { command } from './command.ts'
import { dataByName, dataNames } from './data-by-name.ts'
import { howToType } from './how-to-type.ts'
import { loadExperiment } from './load-experiment.ts'
import { progress } from './progress.ts'
import { createRunDirectory, holdsRun } from './run-directory.ts'
import { quietly } from './stop-quietly.ts'
import { table } from './table.ts'
import { wholeNumber } from './whole-number.ts'

export const trainCommand: CommandDef = command({
  meta: { name: 'train', description: 'Trains the experiment that a recipe file exports, and saves the run.' },
  args: {
    recipe: { type: 'positional', required: true, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
    data: { type: 'string', description: `${dataNames.join(', ')}, or a folder of images; the recipe's own when left out` },
    examples: { type: 'string', description: 'Use only the first training examples; a teacher that is trained first learns from the same' },
    epochs: { type: 'string', description: 'Times that every example is seen; a teacher that is trained first keeps to its own' },
    seed: { type: 'string', default: '0', description: 'Decides weights, order and augmentation' },
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' },
    out: { type: 'string', description: 'Folder of the run; runs/<name>-<seed> when left out' },
    overwrite: { type: 'boolean', default: false, description: 'Replace the run in that folder, once the new one is finished' }
  },
  run: ({ args }) => quietly(async () => {
    const loaded = await loadExperiment(args.recipe)
    const experiment = args.epochs === undefined ? loaded : { ...loaded, epochs: wholeNumber('--epochs', args.epochs, 1) }
    const seed = wholeNumber('--seed', args.seed, 0)
    const path = args.out ?? `runs/${experiment.name}-${seed}`
    if (!args.overwrite && holdsRun(path)) {
      throw new Error(`train: expected a folder without a run, got ${path}, which holds one. Choose another with --out, or replace the run with --overwrite.`)
    }
    const backend = await useBackend(args.backend as BackendName)
    process.stderr.write(`${backend.sentence}\n`)
    const data = args.data ?? experiment.data ?? 'shapes'
    const limit = args.examples === undefined ? experiment.examples : wholeNumber('--examples', args.examples, 1)
    const dataset = await dataByName(data, 'train', limit)
    process.stderr.write(`Data: ${dataset.name}, ${dataset.size} training examples of ${dataset.shape.join(' × ')}.\n`)

    const run = await createRunDirectory({ path, experiment, recipePath: args.recipe, data, examples: dataset.size, seed, backend })
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
        onTeacherStep(metrics) {
          teacherBar?.step(metrics)
          if (metrics.step === metrics.steps) teacherBar?.end()
        },
        onWarning: warning => process.stderr.write(`${warning}\n`),
        async onStep(metrics) {
          planned = metrics.steps
          if (metrics.diagnoses) last = metrics
          bar.step(metrics)
          await run.record(metrics)
        }
      })
      bar.end()
      const saved = await run.save(state, planned)
      const untouched = saved === path ? '' : `; ${path} is as it was`
      dispose(state)
      if (last && Object.keys(last.diagnoses ?? {}).length > 0) process.stderr.write(`${diagnosesTable(last)}\nWhat the columns say: ${explanation}\n`)
      process.stderr.write(`Saved ${saved}${interrupted ? ', interrupted' : ''}${untouched}. Next: ${howToType(`evaluate ${saved}`)}\n`)
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
