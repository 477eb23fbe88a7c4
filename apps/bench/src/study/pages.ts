// Tables and figures of docs/study from the files of results.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plan } from 'lapstrake'
import { writeFileAtomic } from 'lapstrake/node'
import type { Baselines } from './baselines.ts'
import { dataSets } from './data-sets.ts'
import { cells, comparisonNamed, comparisons, experimentOf, windows, type Comparison, type Window } from './design.ts'
import { dial, figure, type Dial, type Measured } from './figures.ts'
import type { Results } from './results.ts'
import type { CellResult } from './run-cell.ts'
import { mean, percent, signed } from './spread.ts'
import type { StepTimes } from './step-times.ts'

const page = 'docs/study/index.md'

/** Writes the page, with what stands between its marks made anew, and its figures; gives their paths. */
export async function writePages(folder: string, results: Results): Promise<readonly string[]> {
  const blocks = blocksOf(results)
  const text = await readFile(page, 'utf8')
  const made = text.replaceAll(
    /(<!-- from results: (.*?) -->\n).*?(<!-- end -->)/gs,
    (_, open: string, name: string, close: string) => {
      const block = blocks[name]
      if (block === undefined)
        throw new Error(
          `study: expected one of ${Object.keys(blocks).join(', ')} between the marks of ${page}, got ${name}.`
        )
      return `${open}\n${block === '' ? 'No runs yet.' : block}\n\n${close}`
    }
  )
  const files: Record<string, string> = { 'index.md': made, ...(await figuresOf(results)) }
  for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(folder, name), content)
  return Object.keys(files).map(name => join(folder, name))
}

function blocksOf({ runs, times, baselines }: Results): Readonly<Record<string, string>> {
  const parts = [...new Set(comparisons.map(({ part }) => part))]
  return {
    runs: `${runs.length} of ${cells.length} runs are there.`,
    baselines: baselinesTable(baselines),
    ...Object.fromEntries(parts.map(part => [part, tablesOf(part, runs, times)])),
    ...Object.fromEntries(
      comparisons.map(comparison => [`stages of ${comparison.name}`, stagesTable(comparison, runs)])
    ),
    ...Object.fromEntries(parts.map(part => [`gap of ${part}`, gapOf(part, runs)]))
  }
}

const top = ({ stages }: CellResult): number => stages.at(-1)!.linear

const of = (runs: readonly CellResult[], { name }: Comparison, window: Window): readonly CellResult[] =>
  runs.filter(({ cell }) => cell.comparison === name && cell.window === window)

/** What a window gains over another, seed by seed, so that what the seeds share is taken out. */
const apart = (runs: readonly CellResult[], comparison: Comparison, one: Window, other: Window): readonly number[] =>
  of(runs, comparison, one).flatMap(run =>
    of(runs, comparison, other)
      .filter(({ cell }) => cell.seed === run.cell.seed)
      .map(against => top(run) - top(against))
  )

const called = (window: Window): string =>
  window === 'all' ? 'end-to-end' : window === 1 ? 'greedy' : `windows of ${window}`

const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

/** What was learned, what of the gap is won back, and what it takes. */
function tablesOf(part: Comparison['part'], runs: readonly CellResult[], times: StepTimes): string {
  const mine = comparisons.filter(
    comparison => comparison.part === part && comparison.windows.some(window => of(runs, comparison, window).length > 0)
  )
  if (mine.length === 0) return ''
  const columns = windows.filter(window => mine.some(comparison => comparison.windows.includes(window)))
  const table = (what: string, cell: (comparison: Comparison, window: Window) => string): string =>
    markdown(
      [what, ...columns.map(called)],
      mine.map(comparison => [comparison.title, ...columns.map(window => cell(comparison, window) || '–')])
    )
  return [
    table('linear readout of the top stage, %', (comparison, window) => {
      const found = of(runs, comparison, window)
      return found.length === 0 ? '' : `${percent(found.map(top))} (${found.length})`
    }),
    markdown(
      ['points above greedy', ...columns.filter(window => window !== 1).map(called)],
      mine.map(comparison => [
        comparison.title,
        ...columns
          .filter(window => window !== 1)
          .map(window => {
            // Parts of a gap are those of the seeds that it is known of.
            const ended = of(runs, comparison, 'all').map(({ cell }) => cell.seed)
            const whole = runs.filter(({ cell }) => ended.includes(cell.seed))
            const [won, gap] = [apart(runs, comparison, window, 1), apart(runs, comparison, 'all', 1)]
            if (won.length === 0) return '–'
            // Of a gap within its own noise, parts mean nothing.
            const share =
              window === 'all' || gap.length === 0 || mean(gap) < 0.02
                ? ''
                : `, ${Math.round((100 * mean(apart(whole, comparison, window, 1))) / mean(gap))}\u00a0% of the gap`
            return `${signed(won)}${share}`
          })
      ])
    ),
    table('peak of a step, MB', (comparison, window) => {
      const [found] = of(runs, comparison, window)
      return found === undefined ? '' : (found.peakBytes / 1e6).toFixed(0)
    }),
    table('time of a step, end-to-end = 1', (comparison, window) => {
      const measured = times[comparison.name]
      const [own, whole] = [measured?.[window], measured?.all]
      return own === undefined || whole === undefined ? '' : (own / whole).toFixed(2)
    })
  ].join('\n\n')
}

function stagesTable(comparison: Comparison, runs: readonly CellResult[]): string {
  const rows = comparison.windows
    .map(window => [window, of(runs, comparison, window)] as const)
    .filter(([, found]) => found.length > 0)
  if (rows.length === 0) return ''
  const stages = comparison.learning.backbone.stages.map((_, i) => i)
  return markdown(
    ['linear readout, %', ...stages.map(i => `stage ${i + 1}`)],
    rows.map(([window, found]) => [
      called(window),
      ...stages.map(i => percent(found.map(({ stages }) => stages[i]!.linear)))
    ])
  )
}

/** What the rule that was written before the runs says of each comparison. */
function gapOf(part: Comparison['part'], runs: readonly CellResult[]): string {
  return comparisons
    .filter(comparison => comparison.part === part)
    .flatMap(comparison => {
      const gap = apart(runs, comparison, 'all', 1)
      if (gap.length === 0) return []
      const seeds = gap.length === 1 ? 'one seed' : `${gap.length} seeds`
      return [
        `- **${comparison.title}**: end-to-end is ${signed(gap)} points from greedy over ${seeds}` +
          (mean(gap) < 0.02 ? ': there is **no gap** to close here.' : '.')
      ]
    })
    .join('\n')
}

function baselinesTable(baselines: Baselines): string {
  const rows = Object.entries(baselines).map(([name, { pixels, untrained }]) => {
    const { data, scale, learning } = comparisonNamed(name)
    return [
      `${data}, ${scale.examples.toLocaleString('en')} images, ${learning.backbone.name}`,
      percent([pixels]),
      percent(untrained.map(stages => stages.at(-1)!)),
      percent(untrained.map(stages => Math.max(...stages)))
    ]
  })
  return rows.length === 0
    ? ''
    : markdown(['linear readout, %', 'raw pixels', 'untrained, top stage', 'untrained, best stage'], rows)
}

const places = windows.map(String)

async function figuresOf({ runs }: Results): Promise<Readonly<Record<string, string>>> {
  const accuracyOf = (comparison: Comparison): Measured[] =>
    comparison.windows.flatMap(window => {
      const found = of(runs, comparison, window)
      return found.length === 0
        ? []
        : [{ line: comparison.title, x: String(window), values: found.map(run => 100 * top(run)) }]
    })
  const byWindow = comparisons.filter(({ part }) => part === 'form').flatMap(accuracyOf)
  const lines = [...new Set(byWindow.map(({ line }) => line))]
  const stages = byStage(runs)
  const dials = dialsOf(runs)
  return {
    ...(dials.length > 0 && { 'dial.svg': dial(dials, places) }),
    ...(byWindow.length > 0 && {
      'accuracy-by-window.svg': figure(byWindow, {
        x: 'stages that learn together',
        y: 'linear readout, %',
        places,
        lines
      })
    }),
    ...(stages.length > 0 && {
      'accuracy-by-stage.svg': figure(stages, {
        x: 'stage',
        y: 'linear readout, %',
        places: ['1', '2', '3', '4', '5', '6'],
        lines: windows.map(called)
      })
    }),
    'memory-by-depth.svg': figure(await memoryByDepth(), {
      x: 'residual blocks',
      y: 'peak of a step, MB',
      places: comparisons.filter(({ part }) => part === 'depth').map(blockCount),
      lines: windows.filter(window => comparisonNamed('depth-4').windows.includes(window)).map(called),
      zero: true
    })
  }
}

const blockCount = ({ learning }: Comparison): string => String(learning.backbone.stages.length)

/** Of the first comparison. */
function byStage(runs: readonly CellResult[]): readonly Measured[] {
  const [comparison] = comparisons
  return windows.flatMap(window => {
    const found = of(runs, comparison!, window)
    return found.length === 0
      ? []
      : comparison!.learning.backbone.stages.map((_, i) => ({
          line: called(window),
          x: String(i + 1),
          values: found.map(({ stages }) => 100 * stages[i]!.linear)
        }))
  })
}

/** Of what the front shows: form, units with labels, larger photographs. */
function dialsOf(runs: readonly CellResult[]): readonly Dial[] {
  const shown: readonly (readonly [name: string, title: string])[] = [
    ['form-6-mlp', 'drawn shapes, NT-Xent'],
    ['supervised-cross-entropy-20k', 'CIFAR-10, cross-entropy'],
    ['large', 'tiny-imagenet-20, NT-Xent']
  ]
  return shown.flatMap(([name, title]) => {
    const comparison = comparisonNamed(name)
    const found = comparison.windows
      .map(window => ({ window: String(window), runs: of(runs, comparison, window) }))
      .filter(({ runs }) => runs.length > 0)
    if (found.length === 0) return []
    return [
      {
        title,
        accuracy: found.map(({ window, runs }) => ({ window, values: runs.map(run => 100 * top(run)) })),
        memory: found.map(({ window, runs }) => ({ window, megabytes: runs[0]!.peakBytes / 1e6 }))
      }
    ]
  })
}

/** Whether anyone has trained them or not. */
async function memoryByDepth(): Promise<readonly Measured[]> {
  const measured: Measured[] = []
  for (const comparison of comparisons.filter(({ part }) => part === 'depth')) {
    for (const window of comparison.windows) {
      const experiment = experimentOf({ comparison: comparison.name, window, seed: 0 }, comparison.scale)
      const { peakBytes } = await plan(experiment, {
        inputShape: dataSets[comparison.data].shape,
        batch: experiment.batchSize
      })
      measured.push({ line: called(window), x: blockCount(comparison), values: [peakBytes / 1e6] })
    }
  }
  return measured
}
