import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StepMetrics } from 'lapstrake'
import { table } from './table.ts'

const readme = relative('', fileURLToPath(new URL('README.md', import.meta.resolve('@lapstrake/cli/package.json'))))

/** Where the columns are explained. */
export const explanation: string = `${readme}, "What train prints"`

/**
 * What the units' embeddings tell, beside the loss that equal ones would cost.
 *
 * @param losses of the units, as every command tells them
 */
export const diagnosesTable = (
  { step, diagnoses = {} }: StepMetrics,
  losses: Readonly<Record<string, number>>
): string =>
  table(
    [
      `step ${step}`,
      'loss',
      'at collapse',
      'cosine of views',
      'of others',
      'top-1',
      'alignment',
      'uniformity',
      'deviation',
      'effective rank'
    ],
    Object.entries(diagnoses).map(([unit, found]) => [
      unit,
      ...[losses[unit]!, found.plateau, found.positiveSimilarity, found.negativeSimilarity].map(value =>
        value === undefined ? '' : signed(value)
      ),
      `${(100 * found.topOne).toFixed(1)} %`,
      ...[found.alignment, found.uniformity, found.deviation].map(signed),
      found.effectiveRank.toFixed(1)
    ])
  )

/** How each stage is taught, how far it moves, and what its features know, where a probe is there to tell. */
export function stagesTable({ step, stages = [] }: StepMetrics, names: readonly string[]): string {
  const probed = stages.some(({ probe }) => probe !== undefined)
  return table(
    [`step ${step}`, 'gradient', 'update', 'neighbours', ...(probed ? ['probe'] : [])],
    stages.map(({ gradientNorm, updateRatio, neighbours, probe }, i) => [
      names[i] ?? `stage ${i}`,
      gradientNorm === undefined ? '' : gradientNorm.toPrecision(3),
      `${(100 * updateRatio).toPrecision(2)} %`,
      ...[neighbours, ...(probed ? [probe] : [])].map(part =>
        part === undefined ? '' : `${(100 * part).toFixed(1)} %`
      )
    ])
  )
}

const signed = (value: number): string => value.toFixed(3).replace('-', '−')
