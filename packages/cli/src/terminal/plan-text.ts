import type { Way } from '../commands/plan-ways.ts'
import { drawSpans, type Plan, type PlanOptions } from 'lapstrake'
import { table } from './table.ts'

/** The tables of a plan, and what it proposes. */
export function planText(
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
