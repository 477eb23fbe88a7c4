import type { CommandDef } from 'citty'
import { balance, inputShapeOf, plan, spansSvg, type Experiment, type Plan, type PlanOptions } from 'lapstrake'
import { command } from '../terminal/command.ts'
import { onProgress } from './data-by-name.ts'
import { dataFor } from './data-of-run.ts'
import { loadExperiment, writeOwnFile } from '@lapstrake/runs/node'
import { quietly } from '../terminal/stop-quietly.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import * as tf from '@tensorflow/tfjs-core'
import { planText } from '../terminal/plan-text.ts'
import { ways, wayOf } from './plan-ways.ts'

const balances = { memory: 'activationBytes', flops: 'multiplyAdds' } as const

export const planCommand: CommandDef = command({
  meta: {
    name: 'plan',
    description:
      'Foresees what a recipe needs, in seconds and without training: parameters, multiply-adds, memory, ' +
      'the largest batch.'
  },
  args: {
    recipe: { type: 'positional', required: true, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
    batch: { type: 'string', description: "Examples in a step; the recipe's own when left out" },
    size: { type: 'string', description: "Height and width of the images; those of the recipe's data when left out" },
    channels: { type: 'string', default: '3', description: 'Channels of the images, beside --size' },
    memory: { type: 'string', default: '4GB', description: 'What the largest batch is to fit in, such as 512MB' },
    balance: { type: 'string', description: 'Propose where to cut the network anew: memory or flops' },
    stages: { type: 'string', description: 'Stages to cut it into, beside --balance; as many as it has when left out' },
    svg: { type: 'string', description: 'Also draw the spans into this file' },
    composed: {
      type: 'boolean',
      default: false,
      description: 'Plan for a backend without the fused kernels of wasm, such as webgpu'
    },
    json: { type: 'boolean', default: false, description: 'Print JSON' }
  },
  run: ({ args }) =>
    quietly(async () => {
      const experiment = await loadExperiment(args.recipe)
      const options: PlanOptions = {
        inputShape: await shapeFor(experiment, args),
        batch: args.batch === undefined ? experiment.batchSize : wholeNumber('--batch', args.batch, 1),
        composed: args.composed,
        microBatch: experiment.microBatch
      }
      const bytes = bytesOf(args.memory)
      const own = await plan(experiment, options)
      const cuts = args.balance === undefined ? undefined : cutsFor(experiment, own, args.balance, args.stages)
      const rows = await Promise.all(
        Object.entries(ways(experiment)).map(([name, isolation]) =>
          wayOf(name, { ...experiment, isolation }, options, bytes)
        )
      )
      if (args.svg !== undefined)
        await writeOwnFile(
          args.svg,
          spansSvg(
            own.units,
            own.stages.map(({ name }) => name)
          )
        )
      process.stdout.write(
        args.json
          ? `${JSON.stringify({ ...own, memory: bytes, isolations: rows, cuts })}\n`
          : planText(experiment.name, options, own, rows, args.memory, cuts)
      )
    })
})

async function shapeFor(
  experiment: Experiment,
  { size, channels }: { readonly size?: string | undefined; readonly channels: string }
): Promise<readonly number[]> {
  if (size === undefined) {
    // Otherwise the JavaScript backend advertises another package when it is first used.
    tf.env().set('PROD', true)
    return inputShapeOf(experiment, await dataFor(experiment, undefined).open('train', { limit: 1, onProgress }))
  }
  const length = wholeNumber('--size', size, 1)
  return [length, length, wholeNumber('--channels', channels, 1)]
}

function cutsFor(
  { isolation }: Experiment,
  { stages }: Plan,
  by: string,
  count: string | undefined
): readonly number[] {
  if (!(by in balances)) throw new Error(`--balance: expected memory or flops, got ${by}.`)
  const costs = stages.map(stage => stage[balances[by as keyof typeof balances]])
  const groups = count === undefined ? stages.length : wholeNumber('--stages', count, 1)
  const overlaps = isolation(stages.length).some(({ start, end }) => end - start > 1 && end - start < stages.length)
  return balance(costs, groups, { overlapping: overlaps })
}

/** Bytes from words such as 512MB or 4 GB. */
function bytesOf(words: string): number {
  const [, number, unit] = /^\s*([\d.]+)\s*([KMGT]?)B?\s*$/i.exec(words) ?? []
  const bytes = Number(number) * 1e3 ** ' KMGT'.indexOf(unit?.toUpperCase() || ' ')
  if (!(bytes > 0)) throw new Error(`--memory: expected a number of bytes such as 512MB or 4GB, got ${words}.`)
  return bytes
}
