import type { Way } from '../commands/plan-ways.ts'
import { drawSpans, type Plan, type PlanOptions } from 'lapstrake'
import { megabytes } from './megabytes.ts'
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
    ['unit', 'stages', 'parameters', 'multiply-adds an image', 'activations'],
    own.units.map(({ name, start, end, stages, head }) => [
      name,
      start === end ? 'none: a probe' : [...new Set([own.stages[start]!.name, own.stages[end - 1]!.name])].join(' to '),
      `${short(stages.parameters)} + ${short(head.parameters)}`,
      `${short(stages.multiplyAdds / examples)} + ${short(head.multiplyAdds / examples)}`,
      `${megabytes(stages.activationBytes)} + ${megabytes(head.activationBytes)}`
    ])
  )
  const isolations = table(
    [
      'gradients',
      'peak of a step',
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
  const input = `${counted(batch, 'example')} of ${inputShape.join(' × ')} in ${counted(own.views, 'view')}`
  const spans = drawSpans(own.units, own.stages.length)
  return (
    `${name}: ${input}.\n\n${stages}\n\n${units}\nOf the stages, and of the head of the unit.\n\n` +
    `${spans}\n\n${isolations}\n${refused}${proposal}`
  )
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

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

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
