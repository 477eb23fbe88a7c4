import { audit, loader, seeded, useBackend, type Audit, type BackendName } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { onProgress } from './data-by-name.ts'
import { ownData } from './data-options.ts'
import { dataFor } from './data-of-run.ts'
import { loadExperiment } from '@lapstrake/runs/node'
import { setOption, settingsGiven } from '../terminal/set-option.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { lengthGiven, wholeNumber } from '../terminal/whole-number.ts'

export const auditCommand: Command = command({
  meta: {
    name: 'audit',
    description:
      "Shows which loss touches which weights, and fails where a recipe's own stages or losses do what they must not."
  },
  args: {
    recipe: { type: 'positional', required: true, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
    ...ownData,
    set: setOption,
    batch: { type: 'string', default: '8', description: 'Examples to learn from' },
    backend: { type: 'string', default: 'auto', description: 'auto, node, webgpu, wasm or cpu' },
    json: { type: 'boolean', default: false, description: 'Print JSON' }
  },
  run: ({ args, rawArgs }) =>
    quietly(async () => {
      const batchSize = wholeNumber('--batch', args.batch, 1)
      const size = lengthGiven('--size', args.size)
      const experiment = await loadExperiment(args.recipe, settingsGiven(rawArgs))
      process.stderr.write(`${(await useBackend(args.backend as BackendName)).sentence}\n`)
      const limit = Math.max(batchSize, 64)
      const dataset = await dataFor(experiment, args.data, { size, labels: args['labels-from'] }).open('train', {
        limit,
        onProgress
      })
      const source = loader(dataset, { batchSize, random: seeded(0), views: experiment.views })
      const found = await firstOf(source.batches(), async ({ batch }) =>
        audit(experiment, {
          inputShape: batch.views[0].shape.slice(1),
          batch,
          examples: dataset.size,
          labels: dataset.labels
        })
      )
      process.stdout.write(args.json ? `${JSON.stringify(found)}\n` : text(experiment.name, found))
      if (found.findings.length > 0) process.exitCode = 1
    })
})

async function firstOf<T, R>(all: AsyncIterable<T>, use: (one: T) => Promise<R>): Promise<R> {
  for await (const one of all) return use(one)
  throw new Error('audit: expected data with at least one batch, got none. Lower --batch.')
}

function text(name: string, { stages, units, findings }: Audit): string {
  const matrix = table(
    ['loss', ...stages, 'its head'],
    units.map(unit => [
      unit.name,
      ...unit.stages.map(norm => (norm === undefined ? '·' : norm.toPrecision(3))),
      unit.head.toPrecision(3)
    ])
  )
  const verdict =
    findings.length === 0
      ? 'No loss reaches beyond its span, nothing is shared, nothing is read by the host.'
      : findings.map(finding => `✗ ${finding}`).join('\n')
  return (
    `${name}: norms of the gradient of each stage's weights, one loss at a time; ` +
    `· where it does not reach.\n\n${matrix}\n\n${verdict}\n`
  )
}
