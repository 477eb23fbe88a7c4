import { describeRun, stageNames } from 'lapstrake'
import { beginRun } from './begin-run.ts'
import { stepsOf } from './train-given.ts'
import { command, type Command } from '../terminal/command.ts'
import { ownData } from './data-options.ts'
import { diagnosesTable, explanation, stagesTable } from '../terminal/diagnoses-tables.ts'
import { canGoOn, howToType } from '@lapstrake/runs/node'
import { recordTraining } from './record-training.ts'
import { setOption, settingsGiven } from '../terminal/set-option.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { stopSignals } from '../terminal/stop-signals.ts'
import { dataSaid, goingOn, outOfReach } from './train-said.ts'

export const trainCommand: Command = command({
  meta: { name: 'train', description: 'Trains the experiment that a recipe file exports, and saves the run.' },
  args: {
    recipe: { type: 'positional', required: false, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
    ...ownData,
    examples: {
      type: 'string',
      description: 'Use only the first training examples; a teacher that is trained first learns from the same'
    },
    epochs: {
      type: 'string',
      description: 'Times that every example is seen; a teacher that is trained first keeps to its own'
    },
    set: setOption,
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
  run: ({ args, rawArgs }) =>
    quietly(async () => {
      const stop = stopSignals()
      const beginning = await stop.opening(beginRun({ ...args, set: settingsGiven(rawArgs) }, stop.signal))
      const { experiment, dataset, backend, resume } = beginning
      process.stderr.write(`${backend.sentence}\n${dataSaid(experiment, dataset)}`)
      process.stderr.write(outOfReach(experiment, beginning.options))
      const wanted = stepsOf(experiment, dataset)
      if (resume !== undefined) process.stderr.write(goingOn(describeRun(resume), wanted))
      const { saved, interrupted, step, last, losses } = await recordTraining(beginning, stop, wanted)
      const untouched =
        saved === beginning.place || saved !== beginning.run.folder ? '' : `; ${beginning.place} is as it was`
      if (last && Object.keys(last.diagnoses ?? {}).length > 0) {
        process.stderr.write(
          `${diagnosesTable(last, losses)}\n\n${stagesTable(last, stageNames(experiment.backbone.stages))}\nWhat the ` +
            `columns say: ${explanation}\n`
        )
      }
      const next = interrupted && canGoOn(saved) ? howToType('train', '--resume', saved) : howToType('evaluate', saved)
      process.stderr.write(
        `Saved ${saved}${interrupted ? `, interrupted at step ${step}` : ''}${untouched}. Next: ${next}\n`
      )
      process.exit(interrupted ? stop.status() : 0)
    })
})
