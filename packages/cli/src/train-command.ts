import type { CommandDef } from 'citty'
import {
  describeRun,
  dispose,
  stageNames,
  train,
  TrainingStopped,
  weightsOf,
  type Dataset,
  type Experiment,
  type StepMetrics
} from 'lapstrake'
import { beginRun, stepsOf, type Beginning } from './begin-run.ts'
import { bestEpoch } from './best-epoch.ts'
import { command } from './command.ts'
import { dataNames } from './data-by-name.ts'
import { diagnosesTable, explanation, stagesTable } from './diagnoses-tables.ts'
import { howToType } from './how-to-type.ts'
import { outbox } from './outbox.ts'
import { progress } from './progress.ts'
import { recentLosses } from './recent-loss.ts'
import { canGoOn } from './run-directory.ts'
import { runFiles } from './run-files.ts'
import { quietly } from './stop-quietly.ts'
import { stopSignals, type Stop } from './stop-signals.ts'
import { openBoard } from './tensorboard.ts'

export const trainCommand: CommandDef = command({
  meta: { name: 'train', description: 'Trains the experiment that a recipe file exports, and saves the run.' },
  args: {
    recipe: { type: 'positional', required: false, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
    data: {
      type: 'string',
      description: `${dataNames.join(', ')}, or a folder of images; the recipe's own when left out`
    },
    examples: {
      type: 'string',
      description: 'Use only the first training examples; a teacher that is trained first learns from the same'
    },
    epochs: {
      type: 'string',
      description: 'Times that every example is seen; a teacher that is trained first keeps to its own'
    },
    seed: { type: 'string', description: 'Decides weights, order and augmentation; 0 when left out' },
    backend: { type: 'string', description: 'auto, node, webgpu, wasm or cpu; auto when left out' },
    threads: {
      type: 'string',
      description: 'Threads of the wasm backend; as many as processors, up to eight, when left out'
    },
    out: {
      type: 'string',
      description: 'Folder of the run, with nothing else in it; runs/<name>-<seed> when left out'
    },
    overwrite: {
      type: 'boolean',
      default: false,
      description: 'Replace the run in that folder, once the new one is finished'
    },
    resume: {
      type: 'string',
      description:
        'The folder of a run that ended early, to go on with, as it was begun; or, beside a recipe, ' +
        'the file of one that was saved elsewhere'
    },
    force: {
      type: 'boolean',
      default: false,
      description:
        'Go on with --resume although the data or, beside a recipe, the experiment is not that which the run was ' +
        'begun with'
    },
    tensorboard: {
      type: 'boolean',
      default: false,
      description: 'Also write what TensorBoard reads, into tensorboard/ of the run'
    },
    'checkpoint-every': {
      type: 'string',
      description: 'Steps after which the run is kept for good, in checkpoints/; never when left out'
    },
    'keep-every': {
      type: 'string',
      description: 'Seconds after which the run is kept again, to go on with should the machine fail; 60 when left out'
    }
  },
  run: ({ args }) =>
    quietly(async () => {
      const stop = stopSignals()
      const beginning = await beginRun(args)
      const { experiment, dataset, backend, resume } = beginning
      process.stderr.write(
        `${backend.sentence}\nData: ${dataset.name}, ${dataset.size} training examples of ` +
          `${dataset.shape.join(' × ')}.${leftOver(experiment, dataset)}\n`
      )
      const wanted = stepsOf(experiment, dataset)
      if (resume !== undefined) process.stderr.write(goingOn(describeRun(resume).step, wanted))
      const { saved, interrupted, planned, step, last, losses } = await follow(beginning, stop, wanted)
      const untouched =
        saved === beginning.place || saved !== beginning.run.folder ? '' : `; ${beginning.place} is as it was`
      if (last && Object.keys(last.diagnoses ?? {}).length > 0) {
        process.stderr.write(
          `${diagnosesTable(last, losses)}\n\n${stagesTable(last, stageNames(experiment.backbone.stages))}\nWhat the ` +
            `columns say: ${explanation}\n`
        )
      }
      const next = interrupted && planned > 0 ? howToType('train', '--resume', saved) : howToType('evaluate', saved)
      process.stderr.write(
        `Saved ${saved}${interrupted ? `, interrupted at step ${step}` : ''}${untouched}. Next: ${next}\n`
      )
      process.exit(interrupted ? stop.status() : 0)
    })
})

/** Milliseconds after which what could not be kept is tried again. */
const soon = 5000

interface Followed {
  readonly saved: string
  readonly interrupted: boolean
  readonly planned: number
  /** Steps taken. */
  readonly step: number
  /** The last step that looked. */
  readonly last: StepMetrics | undefined
  /** Of the units, as every command tells them. */
  readonly losses: Readonly<Record<string, number>>
}

/** Trains, and writes down what happens. */
async function follow(
  { experiment, dataset, seed, run, resume, fresh, force, options, recorded }: Beginning,
  stop: Stop,
  wanted: number
): Promise<Followed> {
  const after = resume && describeRun(resume).step
  const say = (warning: string): void => {
    process.stderr.write(`\n${warning}\n`)
  }
  const box = outbox(say)
  const board = options.tensorboard
    ? await openBoard({ folder: run.folder, experiment, dataset, seed, ...(after !== undefined && { after }) })
    : undefined
  const every = 1000 * (options['keep-every'] ?? 60)
  const checkpointEvery = options['checkpoint-every'] ?? Infinity
  const isBest = bestEpoch(Math.floor(dataset.size / experiment.batchSize))
  recorded.forEach(isBest)
  const bar = progress(experiment.name, experiment.batchSize, recorded)
  const history = recorded.map(({ losses }) => ({ losses }))
  const teaching = experiment.teacher && 'trainedBy' in experiment.teacher ? experiment.teacher.trainedBy : undefined
  const teacherBar = teaching && progress(`${teaching.name} (the teacher)`, teaching.batchSize)
  // A run that was stopped behind its last step takes none that could tell.
  let planned = resume === undefined ? 0 : wanted
  let last: StepMetrics | undefined
  // The first step is kept at once: what cannot be kept is better known then, and what ends early can be gone on with.
  let kept = -Infinity
  let taken = 0
  try {
    const { trainer, state, interrupted } = await train(experiment, dataset, {
      seed,
      force,
      signal: stop.signal,
      ...(resume && { resume }),
      onTeacherStep(metrics) {
        teacherBar?.step(metrics)
        if (metrics.step === metrics.steps) teacherBar?.end()
      },
      onWarning: say,
      async onStep(metrics, state, save) {
        planned = metrics.steps
        taken++
        if (metrics.diagnoses) last = metrics
        bar.step(metrics)
        history.push({ losses: metrics.losses })
        run.log.add(metrics)
        await box.send(runFiles.steps, () => run.log.write())
        await box.retry()
        if (board) await box.send('tensorboard', () => board.step(metrics, state))
        if (isBest(metrics)) {
          const weights = await weightsOf(state, experiment.name)
          await box.send(runFiles.best, () => run.keepBest(weights))
        }
        const ends = metrics.step === metrics.steps || stop.signal.aborted
        const checkpoints = metrics.step % checkpointEvery === 0
        if (!ends && !checkpoints && performance.now() - kept < every) return
        try {
          const saved = await save()
          if (checkpoints)
            await box.send(`the checkpoint of step ${metrics.step}`, () => run.checkpoint(saved, metrics.step))
          await run.keep(saved)
          kept = performance.now()
        } catch (error) {
          if (ends) throw error
          // A disk that is full now may have room in a moment; a run of a day does not end for it.
          box.warn(error as Error)
          kept = performance.now() - every + Math.min(every, soon)
        }
      }
    })
    bar.end()
    await box.end()
    const shown = board
      ? await board.end(trainer, state).catch((error: Error) => {
          say(error.message)
          return []
        })
      : []
    const saved = await run.save(state, planned, shown)
    const { step } = state
    dispose(state)
    return { saved, interrupted, planned, step, last, losses: recentLosses(history) }
  } catch (error) {
    bar.end()
    if (error instanceof TrainingStopped) {
      process.stderr.write(`Saved the last good state in ${await run.save(error.state, planned)}.\n`)
    } else if (fresh && taken === 0) await run.discard()
    else if (canGoOn(run.folder))
      process.stderr.write(`What was kept last is there to go on with: ${howToType('train', '--resume', run.folder)}\n`)
    throw error
  }
}

/** What a whole number of batches leaves over. */
function leftOver({ batchSize }: Experiment, { size }: Dataset): string {
  const over = size % batchSize
  return over === 0 || size < batchSize
    ? ''
    : ` In batches of ${batchSize} each epoch leaves out ${over}, others each time.`
}

const goingOn = (step: number, planned: number): string =>
  step < planned
    ? `Going on behind step ${step}.\n`
    : `All ${planned} steps were taken: nothing is left to train. For more, give it more --epochs.\n`
