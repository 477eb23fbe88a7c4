import type { CommandDef } from 'citty'
import {
  balance,
  drawSpans,
  endToEnd,
  greedy,
  inputShapeOf,
  largestBatch,
  overlapping,
  plan,
  spansSvg,
  type Experiment,
  type Isolation,
  type Plan,
  type PlanOptions
} from 'lapstrake'
import { command } from '../terminal/command.ts'
import { onProgress } from './data-by-name.ts'
import { dataFor } from './data-of-run.ts'
import { loadExperiment, writeOwnFile } from '@lapstrake/runs/node'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'
import { wholeNumber } from '../terminal/whole-number.ts'

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
          : text(experiment.name, options, own, rows, args.memory, cuts)
      )
    })
})

/** One way to let gradients stop. */
interface Way {
  readonly name: string
  readonly peakBytes?: number | undefined
  readonly stepMultiplyAdds?: number | undefined
  readonly headMultiplyAdds?: number | undefined
  readonly largestBatch?: number | undefined
  /** Why this recipe cannot learn this way. */
  readonly reason?: string | undefined
}

/** The three that everyone compares, and the recipe's own if it is none of them. */
function ways({ isolation, backbone: { stages } }: Experiment): Readonly<Record<string, Isolation>> {
  const known = { 'end-to-end': endToEnd(), greedy: greedy(), overlapping: overlapping() }
  const spans = (of: Isolation): string => attempt(() => JSON.stringify(of(stages.length))) ?? ''
  const same = Object.entries(known).find(([, other]) => spans(other) === spans(isolation))
  return Object.fromEntries([
    ...(same === undefined ? [['as in the recipe', isolation] as const] : []),
    ...Object.entries(known).map(
      ([name, one]) => [same?.[0] === name ? `${name}, as in the recipe` : name, one] as const
    )
  ])
}

function attempt<T>(f: () => T): T | undefined {
  try {
    return f()
  } catch {
    return undefined
  }
}

/** A recipe may fit only some isolations: one loss for each of three units, say. */
async function wayOf(name: string, recipe: Experiment, options: PlanOptions, bytes: number): Promise<Way> {
  try {
    const { peakBytes, stepMultiplyAdds, units } = await plan(recipe, options)
    return {
      name,
      peakBytes,
      stepMultiplyAdds,
      headMultiplyAdds: 3 * units.reduce((sum, { head }) => sum + head.multiplyAdds, 0),
      largestBatch: await largestBatch(recipe, { ...options, bytes })
    }
  } catch (error) {
    return { name, reason: (error as Error).message }
  }
}

async function shapeFor(
  experiment: Experiment,
  { size, channels }: { readonly size?: string | undefined; readonly channels: string }
): Promise<readonly number[]> {
  if (size === undefined)
    return inputShapeOf(experiment, await dataFor(experiment, undefined).open('train', { limit: 1, onProgress }))
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

function text(
  name: string,
  { inputShape, batch }: PlanOptions,
  own: Plan,
  rows: readonly Way[],
  memory: string,
  cuts: readonly number[] | undefined
): string {
  const examples = batch * own.views
  const whole = rows.find(row => row.name.startsWith('end-to-end'))?.stepMultiplyAdds
  const stages = table(
    ['stage', 'output', 'parameters', 'multiply-adds an image', 'activations'],
    own.stages.map(stage => [
      stage.name,
      stage.shape.join(' × '),
      short(stage.parameters),
      short(stage.multiplyAdds / examples),
      megabytes(stage.activationBytes)
    ])
  )
  const units = table(
    [
      'unit',
      'stages',
      'parameters',
      'of its head',
      'multiply-adds an image',
      'of its head',
      'activations',
      'of its head'
    ],
    own.units.map(unit => [
      unit.name,
      unit.start === unit.end
        ? 'none: a probe'
        : [...new Set([own.stages[unit.start]!.name, own.stages[unit.end - 1]!.name])].join(' to '),
      short(unit.stages.parameters),
      short(unit.head.parameters),
      short(unit.stages.multiplyAdds / examples),
      short(unit.head.multiplyAdds / examples),
      megabytes(unit.stages.activationBytes),
      megabytes(unit.head.activationBytes)
    ])
  )
  const isolations = table(
    [
      'gradients',
      'peak memory',
      'multiply-adds a step',
      'of end-to-end',
      'of which heads',
      `largest batch in ${memory}`
    ],
    rows.map(row =>
      row.reason === undefined
        ? [
            row.name,
            megabytes(row.peakBytes!),
            short(row.stepMultiplyAdds!),
            whole === undefined ? '' : (row.stepMultiplyAdds! / whole).toFixed(2),
            `${((100 * row.headMultiplyAdds!) / row.stepMultiplyAdds!).toFixed(1)} %`,
            String(row.largestBatch)
          ]
        : [row.name, '', '', '', '', '']
    )
  )
  const refused = rows.flatMap(({ name, reason }) => (reason === undefined ? [] : [`${name}: ${reason}\n`])).join('')
  const proposal =
    cuts === undefined ? '' : `\nBalanced: regroup(backbone, [${cuts.join(', ')}]), that is ${groupsOf(own, cuts)}.\n`
  const input = `${batch} examples of ${inputShape.join(' × ')} in ${own.views} views`
  const spans = drawSpans(own.units, own.stages.length)
  return `${name}: ${input}.\n\n${stages}\n\n${units}\n\n${spans}\n\n${isolations}\n${refused}${proposal}`
}

const groupsOf = ({ stages }: Plan, cuts: readonly number[]): string =>
  [0, ...cuts]
    .map((start, i) =>
      stages
        .slice(start, cuts[i] ?? stages.length)
        .map(({ name }) => name)
        .join(' + ')
    )
    .join(' | ')

const short = (number: number): string => {
  const unit =
    number >= 1e9
      ? ([1e9, ' G'] as const)
      : number >= 1e6
        ? ([1e6, ' M'] as const)
        : number >= 1e3
          ? ([1e3, ' k'] as const)
          : ([1, ''] as const)
  const scaled = number / unit[0]
  return `${scaled >= 100 || unit[0] === 1 ? scaled.toFixed(0) : scaled.toPrecision(3)}${unit[1]}`
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`

/** Bytes from words such as 512MB or 4 GB. */
function bytesOf(words: string): number {
  const [, number, unit] = /^\s*([\d.]+)\s*([KMGT]?)B?\s*$/i.exec(words) ?? []
  const bytes = Number(number) * 1e3 ** ' KMGT'.indexOf(unit?.toUpperCase() || ' ')
  if (!(bytes > 0)) throw new Error(`--memory: expected a number of bytes such as 512MB or 4GB, got ${words}.`)
  return bytes
}
