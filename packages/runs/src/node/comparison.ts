import { checkGiven } from '@lapstrake/core'
import { figures, written, type Figure } from './run-figures.ts'
import type { RecordedRun } from './recorded-run.ts'
import { runFiles } from './run-file-names.ts'
import { significanceOf, spreadOf, type Significance, type Spread } from '@lapstrake/evaluation/significance'

/** The runs of one recipe, over seeds. */
export interface Group {
  readonly name: string
  readonly runs: readonly RecordedRun[]
  /** The figures of those runs that have them. */
  readonly figures: Readonly<Record<string, Spread>>
}

/** How a group differs from the first one. */
export interface Difference {
  readonly group: string
  readonly from: string
  readonly figure: string
  readonly difference: number
  /** Absent where there are too few runs to tell. */
  readonly significance?: Significance | undefined
}

/** Runs beside each other. */
export interface Comparison {
  readonly groups: readonly Group[]
  readonly differences: readonly Difference[]
  readonly notes: readonly string[]
}

/**
 * Groups runs by the name of their recipe and compares each group with the first.
 *
 * @param more to say beside what there is to say of the runs
 */
export function compareRuns(runs: readonly RecordedRun[], more: readonly string[] = []): Comparison {
  checkGiven('compareRuns', 'a list of runs, as readRuns() gives', runs, 'list')
  checkGiven('compareRuns', 'a list of notes', more, 'list')
  const names = [...new Set(runs.map(({ manifest }) => manifest.name))]
  const groups = names.map((name): Group => {
    const own = runs.filter(({ manifest }) => manifest.name === name)
    return {
      name,
      runs: own,
      figures: Object.fromEntries(
        figures.flatMap(figure => {
          const values = own.flatMap(run => valueOf(figure, run) ?? [])
          return values.length === 0 ? [] : [[figure.name, spreadOf(values)] as const]
        })
      )
    }
  })
  const [first, ...others] = groups
  const differences =
    first === undefined
      ? []
      : others.flatMap(group =>
          figures.flatMap((figure): Difference[] => {
            const [a, b] = [group.figures[figure.name], first.figures[figure.name]]
            if (a === undefined || b === undefined) return []
            const significance =
              hasSeedTwice(group) || hasSeedTwice(first)
                ? undefined
                : significanceOf(bySeed(group, figure), bySeed(first, figure))
            return [
              {
                group: group.name,
                from: first.name,
                figure: figure.name,
                difference: a.mean - b.mean,
                significance
              }
            ]
          })
        )
  return { groups, differences, notes: [...more, ...runs.flatMap(({ notes }) => notes), ...groups.flatMap(unlike)] }
}

/**
 * The table of a comparison, of groups and the figures that any of them has. What there is more of goes down, so that
 * it fits a terminal and a page.
 */
export function comparisonTable(comparison: Comparison): {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
} {
  checkComparison('comparisonTable', comparison)
  const { groups } = comparison
  const known = figures.filter(({ name }) => groups.some(group => group.figures[name] !== undefined))
  const isRead = groups.some(({ runs }) => runs.some(({ evaluation }) => evaluation !== undefined))
  const lines = [
    ['recipe', 'seeds', 'steps', ...(isRead ? ['test examples'] : []), ...known.map(({ name }) => name)],
    ...groups.map(group => [
      group.name,
      group.runs.map(({ manifest }) => manifest.seed).join(' '),
      [...new Set(group.runs.map(({ steps }) => steps.at(-1)?.step ?? 0))].join(' '),
      ...(isRead ? [[...new Set(group.runs.flatMap(({ evaluation }) => evaluation?.test ?? []))].join(' ')] : []),
      ...known.map(figure => {
        const spread = group.figures[figure.name]
        return spread === undefined ? '' : written(figure, spread.mean, spread.deviation)
      })
    ])
  ]
  const [head, ...rows] =
    groups.length < known.length ? lines[0]!.map((_, column) => lines.map(line => line[column]!)) : lines
  return { head: head!, rows }
}

/** The table of the differences that can be judged. */
export function differencesTable(comparison: Comparison): {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
} {
  checkComparison('differencesTable', comparison)
  const judged = comparison.differences.flatMap(({ significance, ...difference }) =>
    significance === undefined ? [] : [{ ...difference, significance }]
  )
  return {
    head: ['recipe', 'against', 'figure', 'difference', 'p', 'test'],
    rows: judged.map(({ group, from, figure, difference, significance: { p, test } }) => [
      group,
      from,
      figure,
      signed(written(figures.find(({ name }) => name === figure)!, difference)),
      p < 0.001 ? '< 0.001' : p.toFixed(3),
      test
    ])
  }
}

function checkComparison(who: string, comparison: Comparison): void {
  checkGiven(who, 'a comparison, as compareRuns() gives', comparison, 'record')
  for (const part of ['groups', 'differences'] as const)
    checkGiven(who, `a comparison with ${part}`, comparison[part], 'list')
}

/** What p means, and what it does not. */
export const significanceSaid: string =
  'p: how probable a difference at least as large would be if there were none, by a two-sided t-test, ' +
  'paired where both have the same seeds. ' +
  'Of twenty comparisons one falls below 0.05 by chance.'

/** Nothing where the run does not have it, or has no number. */
function valueOf({ of }: Figure, run: RecordedRun): number | undefined {
  const value = of(run)
  return Number.isFinite(value) ? value : undefined
}

const bySeed = ({ runs }: Group, figure: Figure): ReadonlyMap<number, number> =>
  new Map(
    runs.flatMap(run => {
      const value = valueOf(figure, run)
      return value === undefined ? [] : [[run.manifest.seed, value] as const]
    })
  )

/** Two runs of one seed are no two observations. */
const hasSeedTwice = ({ runs }: Group): boolean => new Set(runs.map(({ manifest }) => manifest.seed)).size < runs.length

/** What makes the runs of a group unlike each other. */
function unlike(group: Group): string[] {
  const { name, runs } = group
  const differ = (what: string, of: (run: RecordedRun) => unknown): string[] =>
    new Set(runs.map(run => JSON.stringify(of(run)))).size > 1 ? [what] : []
  const differing = [
    ...differ('recipes', ({ manifest }) => manifest.checksums[runFiles.recipe]),
    ...differ('data', ({ manifest }) => manifest.dataHash),
    ...differ('test examples', ({ evaluation }) => evaluation?.test),
    ...differ('planned steps', ({ steps }) => steps.at(-1)?.steps),
    ...differ('backends', ({ manifest }) => manifest.backend.split(' ')[0])
  ]
  return [
    ...(differing.length > 0 ? [`${name}: its runs have different ${differing.join(' and ')}.`] : []),
    ...(hasSeedTwice(group) ? [`${name}: a seed is there twice, so nothing is said of significance.`] : [])
  ]
}

const signed = (text: string): string => (text.startsWith('−') ? text : `+${text}`)
