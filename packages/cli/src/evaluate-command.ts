import { join } from 'node:path'
import type { CommandDef } from 'citty'
import { useBackend, type BackendName } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import { command } from './command.ts'
import { dataByName } from './data-by-name.ts'
import { openRun } from './open-run.ts'
import { readouts } from './readouts.ts'
import type { Evaluation } from './recorded-run.ts'
import { evaluationFile } from './run-directory.ts'
import { quietly } from './stop-quietly.ts'
import { table } from './table.ts'
import { wholeNumber } from './whole-number.ts'

export const evaluateCommand: CommandDef = command({
  meta: { name: 'evaluate', description: 'Reads out every stage of a run with a linear probe and nearest neighbours, beside baselines.' },
  args: {
    run: { type: 'positional', required: true, description: 'The folder of a run' },
    weights: { type: 'string', default: 'weights.safetensors', description: 'The file of the run to read, such as best.safetensors' },
    test: { type: 'string', description: 'Use only the first test examples' },
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' }
  },
  run: ({ args }) => quietly(async () => {
    process.stderr.write(`${(await useBackend(args.backend as BackendName)).sentence}\n`)
    const { manifest, experiment, trainer, untrained, trained, train } = await openRun(args.run, args.weights)
    const test = await dataByName(manifest.data, 'test', args.test === undefined ? undefined : wholeNumber('--test', args.test, 1))
    const rows = await readouts({
      train, test, onProgress: what => process.stderr.isTTY && process.stderr.write(`\r\x1b[2K${what}`),
      encoders: [
        { name: 'raw pixels', encode: images => images.clone(), pool: 'flatten' },
        { name: 'untrained, top', encode: images => trainer.encode(untrained, images) },
        ...experiment.backbone.stages.map((stage, i) => ({
          name: `${manifest.name}, ${stage.name}`, encode: (images: Parameters<typeof trainer.encode>[1]) => trainer.encode(trained, images, i + 1)
        }))
      ]
    })
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K')
    const evaluation: Evaluation = { format: 1, weights: args.weights, test: test.size, rows }
    // A run may lie where nothing can be written, and is evaluated all the same.
    await writeFileAtomic(join(args.run, evaluationFile), `${JSON.stringify(evaluation, null, 2)}\n`).catch((error: Error) => process.stderr.write(`${error.message}\n`))
    process.stdout.write(`${train.name}: ${train.size} training and ${test.size} test examples.\n\n${table(
      ['features', 'linear readout', 'nearest neighbours'], rows.map(({ name, linear, neighbours }) => [name, percent(linear), percent(neighbours)]))}\n`)
  })
})

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`
