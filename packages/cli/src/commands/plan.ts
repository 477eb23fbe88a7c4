import { dirname } from 'node:path'
import { plan, spansSvg, type PlanOptions } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { whereDataLie } from './data-options.ts'
import { writeOwnFile } from '@lapstrake/runs/node'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { quietly } from '../terminal/stop-quietly.ts'
import { lengthGiven, wholeNumber } from '../terminal/whole-number.ts'
import { planText } from '../terminal/plan-text.ts'
import { setOption, settingsGiven } from '../terminal/set-option.ts'
import { UsageError } from '../terminal/usage-error.ts'
import { plannedOf } from './plan-input.ts'
import { cutsFor, cutsWanted } from './plan-cuts.ts'
import { ways, wayOf } from './plan-ways.ts'

export const planCommand: Command = command({
  meta: {
    name: 'plan',
    description:
      'Foresees what a recipe needs, in seconds and without training: parameters, multiply-adds, memory, ' +
      'the largest batch.'
  },
  args: {
    recipe: {
      type: 'positional',
      required: true,
      description: 'A recipe file, such as docs/recipes/03-loco.ts, or the folder of a run'
    },
    set: setOption,
    batch: { type: 'string', description: "Examples in a step; the recipe's own when left out" },
    size: {
      type: 'string',
      description: `Height and width of the images; those of the recipe's data when left out. ${whereDataLie}`
    },
    channels: { type: 'string', description: 'Channels of the images, beside --size; 3 when left out' },
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
  run: ({ args, rawArgs }) =>
    quietly(async () => {
      const bytes = bytesOf(args.memory)
      const batch = args.batch === undefined ? undefined : wholeNumber('--batch', args.batch, 1)
      const size = lengthGiven('--size', args.size)
      const channels = channelsOf(args)
      const wanted = cutsWanted(args)
      if (args.svg !== undefined) await checkFolderFor('plan', '--svg', dirname(args.svg))
      const shape = size === undefined ? undefined : [size, size, channels]
      const { experiment, input } = await plannedOf(args.recipe, settingsGiven(rawArgs), shape)
      const options: PlanOptions = {
        ...input,
        batch: batch ?? experiment.batchSize,
        composed: args.composed,
        microBatch: experiment.microBatch
      }
      const own = await plan(experiment, options)
      const cuts = wanted && cutsFor(experiment, own, wanted)
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

/** Channels of the images that `--size` speaks of. */
function channelsOf({ size, channels }: Readonly<Partial<Record<'size' | 'channels', string | undefined>>>): number {
  if (channels !== undefined && size === undefined)
    throw new UsageError('--channels: expected --size beside it, got none. Leave it out, or say how large images are.')
  return wholeNumber('--channels', channels ?? '3', 1)
}

/** Bytes from words such as 512MB or 4 GB. */
function bytesOf(words: string): number {
  const [, number, unit] = /^\s*([\d.]+)\s*([KMGT]?)B?\s*$/i.exec(words) ?? []
  const bytes = Number(number) * 1e3 ** ' KMGT'.indexOf(unit?.toUpperCase() || ' ')
  if (!(bytes > 0))
    throw new UsageError(`--memory: expected a number of bytes such as 512MB or 4GB, got ${words}. Try 4GB.`)
  return bytes
}
