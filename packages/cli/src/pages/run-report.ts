import * as Plot from '@observablehq/plot'
import { spansSvg, type StepMetrics } from 'lapstrake'
import {
  comparisonTable,
  differencesTable,
  significanceSaid,
  type Comparison,
  figures,
  figuresSaid,
  type RecordedRun
} from '@lapstrake/runs/node'
import type { MapPoint } from './embedding-map.ts'
import { escaped, htmlPage, htmlPlot, htmlTable } from './html-page.ts'
import type { StageMap } from './stage-maps.ts'

export interface RunReport {
  readonly comparison: Comparison
  /** Where runs put examples, by the folder of the run. */
  readonly maps: Readonly<Record<string, readonly MapPoint[]>>
  /** What stages make of test images, by the folder of the run. */
  readonly stageMaps: ReadonlyMap<string, readonly StageMap[]>
}

/** One page that tells of runs: the table, the curves, the spans, time and memory, the maps, the manifests. */
export function runReport({ comparison, maps, stageMaps }: RunReport): string {
  const { groups, notes } = comparison
  const runs = groups.flatMap(group => group.runs)
  const names = groups.map(({ name }) => name)
  const [{ head, rows }, differences] = [comparisonTable(comparison), differencesTable(comparison)]
  const title = names.join(', ')
  const scatters = runs.flatMap(run => {
    const map = maps[run.path]
    return map === undefined ? [] : [`<div>${scatter(titleOf(run, runs), map)}${legend(labelsOf(map))}</div>`]
  })
  return htmlPage(
    `lapstrake: ${title}`,
    [
      `<h1>${escaped(title)}</h1>`,
      notes.map(note => `<p class="note">${escaped(note)}</p>`).join(''),
      `<h2>Runs beside each other</h2>${htmlTable(head, rows)}<p class="quiet">${escaped(figuresSaid)}</p>`,
      differences.rows.length === 0
        ? ''
        : `${htmlTable(differences.head, differences.rows)}<p class="quiet">${escaped(significanceSaid)}</p>`,
      legend(names),
      '<h2>Loss of every unit</h2><p class="quiet">A line is a run; each of its points is a mean over some steps.</p>',
      charts(runs, names, ({ losses }) => losses),
      decoders(groups),
      ...looks.map(({ said, of }) => section(said, charts(runs, names, of))),
      '<h2>Where gradients flow</h2><p class="quiet">A column is a stage, a plank a unit; ' +
        'no gradient leaves its plank.</p>',
      `<div class="row">${groups.map(({ name, runs: [first] }) => spansOf(name, first!)).join('')}</div>`,
      '<h2>Time and memory</h2>',
      `<div class="grid">${[
        ['time per step', 'milliseconds', 1],
        ['peak of a step', 'MB', 1e-6]
      ]
        .map(([figure, label, scale]) => bars(runs, names, figure as string, label as string, scale as number))
        .join('')}</div>`,
      Object.keys(maps).length === 0
        ? ''
        : '<h2>Embeddings</h2><p class="quiet">The two principal components of what leaves the last stage; ' +
          'a colour is a class.</p>',
      `<div class="grid">${scatters.join('')}</div>`,
      ...runs.map(run => mapsOf(titleOf(run, runs), stageMaps.get(run.path) ?? [])),
      '<h2>What the runs were made with</h2>',
      runs
        .map(({ path, manifest }) => {
          const made = escaped(JSON.stringify(manifest, null, 2))
          return `<details><summary>${escaped(path)}</summary><pre>${made}</pre></details>`
        })
        .join('')
    ].join('\n')
  )
}

type Values = Readonly<Record<string, number | undefined>>

/** What steps that look have to show, by unit or by stage. */
const looks: readonly { readonly said: string; readonly of: (metrics: StepMetrics, run: RecordedRun) => Values }[] = [
  {
    said: 'Top-1: whose own second view is the closest of all',
    of: ({ diagnoses }) => each(diagnoses, ({ topOne }) => topOne)
  },
  {
    said: 'Effective rank: how many dimensions are in use',
    of: ({ diagnoses }) => each(diagnoses, ({ effectiveRank }) => effectiveRank)
  },
  {
    said: 'Uniformity: below 0, towards −4, when embeddings spread',
    of: ({ diagnoses }) => each(diagnoses, ({ uniformity }) => uniformity)
  },
  {
    said: 'Length of the gradient of every stage',
    of: (metrics, run) => byStage(metrics, run, ({ gradientNorm }) => gradientNorm)
  },
  {
    said: 'How far every stage moves in a step, in parts of its length',
    of: (metrics, run) => byStage(metrics, run, ({ updateRatio }) => updateRatio)
  },
  {
    said: 'Neighbours of their class at every stage',
    of: (metrics, run) => byStage(metrics, run, ({ neighbours }) => neighbours)
  },
  { said: 'Accuracy of a probe on every stage', of: (metrics, run) => byStage(metrics, run, ({ probe }) => probe) }
]

const each = <T>(found: Readonly<Record<string, T>> | undefined, of: (one: T) => number): Values =>
  Object.fromEntries(Object.entries(found ?? {}).map(([name, one]) => [name, of(one)]))

const byStage = (
  { stages = [] }: StepMetrics,
  { manifest }: RecordedRun,
  of: (stage: NonNullable<StepMetrics['stages']>[number]) => number | undefined
): Values => Object.fromEntries(stages.map((stage, i) => [manifest.stages[i] ?? `stage ${i}`, of(stage)]))

/** Points of a curve at most; a page of a run of a day is no larger than one of a minute. */
const most = 200

/** A chart for each unit or stage, with a line a run. */
function charts(
  runs: readonly RecordedRun[],
  groups: readonly string[],
  of: (metrics: StepMetrics, run: RecordedRun) => Values
): string {
  const curves = runs
    .flatMap(run => {
      const shown = run.steps.map(metrics => ({ step: metrics.step, values: of(metrics, run) }))
      return [...new Set(shown.flatMap(({ values }) => Object.keys(values)))].map(name => ({
        name,
        points: thinned(
          shown.flatMap(({ step, values }) => (Number.isFinite(values[name]) ? [{ step, value: values[name]! }] : []))
        ).map(point => ({ ...point, run: run.path, group: run.manifest.name }))
      }))
    })
    .filter(({ points }) => points.length > 0)
  if (curves.length === 0) return ''
  const names = [...new Set(curves.map(({ name }) => name))]
  const last = Math.max(...curves.flatMap(({ points }) => points.map(({ step }) => step)))
  const chart = (name: string): string => {
    const own = curves.filter(curve => curve.name === name).map(({ points }) => points)
    const isFlat = new Set(own.flat().map(({ value }) => value)).size === 1
    return `<div><h3>${escaped(name)}</h3>${htmlPlot({
      width: 440,
      height: 200,
      marginLeft: 50,
      x: { label: 'step', domain: [0, last] },
      // Of one value alone there would be more digits than the margin has room for.
      y: { label: null, grid: true, ...(isFlat && { tickFormat: '.3~g' }) },
      color: colours(groups),
      marks: [
        Plot.line(own.flat(), {
          x: 'step',
          y: 'value',
          z: 'run',
          stroke: 'group',
          title: 'run',
          // A single look is a point, which a line does not show.
          marker: own.some(points => points.length < 3) ? 'dot' : null
        })
      ]
    })}</div>`
  }
  return `<div class="grid">${names.map(chart).join('')}</div>`
}

/**
 * The units of a recipe in one figure, as LoCo shows its decoders (Xiong et al. 2020): from the lowest to the highest.
 */
function decoders(groups: RunReport['comparison']['groups']): string {
  const figures = groups.flatMap(({ name, runs }) => {
    const units = [...new Set(runs.flatMap(({ steps }) => steps.flatMap(({ losses }) => Object.keys(losses))))]
    if (units.length < 2) return []
    const curves = runs.flatMap(({ path, steps }) =>
      units.flatMap(unit => {
        const known = steps.filter(({ losses }) => Number.isFinite(losses[unit]))
        const points = thinned(known.map(({ step, losses }) => ({ step, value: losses[unit]! })))
        return points.map(point => ({ ...point, unit, line: `${path}, ${unit}` }))
      })
    )
    const scale = { domain: units, range: units.map((_, i) => rising(i / (units.length - 1))) }
    return [
      `<div><h3>${escaped(name)}</h3>${htmlPlot({
        width: 440,
        height: 240,
        marginLeft: 50,
        x: { label: 'step' },
        y: { label: null, grid: true },
        color: scale,
        marks: [Plot.line(curves, { x: 'step', y: 'value', z: 'line', stroke: 'unit', title: 'line' })]
      })}${legendOf(units, scale.range)}</div>`
    ]
  })
  return figures.length === 0
    ? ''
    : '<h2>All units of a recipe</h2><p class="quiet">A line is a unit of a run; blue is the lowest, red the highest.' +
        `</p><div class="grid">${figures.join('')}</div>`
}

/** From blue (0) to red (1), with a contrast of 3 to 1 on a light page and on a dark one. */
const rising = (part: number): string => `hsl(${Math.round(220 + 140 * part)} 65% 60%)`

/** Means of neighbours, so that few points tell what many did. */
function thinned(
  points: readonly { readonly step: number; readonly value: number }[]
): { readonly step: number; readonly value: number }[] {
  const size = Math.ceil(points.length / most)
  return Array.from({ length: Math.ceil(points.length / Math.max(1, size)) }, (_, i) => {
    const some = points.slice(i * size, (i + 1) * size)
    return { step: some.at(-1)!.step, value: some.reduce((sum, { value }) => sum + value, 0) / some.length }
  })
}

const section = (said: string, inside: string): string =>
  inside === '' ? '' : `<details><summary>${escaped(said)}</summary>${inside}</details>`

const palette = [
  '#4269d0',
  '#d9822b',
  '#3a9d6a',
  '#c23c3c',
  '#b3479f',
  '#7a68d6',
  '#0f8b9d',
  '#97692f',
  '#8a8f98',
  '#6b8e23'
] as const

const colours = (names: readonly string[]): { readonly domain: string[]; readonly range: string[] } => ({
  domain: [...names],
  range: names.map((_, i) =>
    names.length > palette.length ? `hsl(${Math.round((360 * i) / names.length)} 65% 55%)` : palette[i]!
  )
})

const legend = (names: readonly string[]): string => legendOf(names, colours(names).range)

const legendOf = (names: readonly string[], range: readonly string[]): string => {
  const entries = names.map((name, i) => `<span><i style="background:${range[i]!}"></i>${escaped(name)}</span>`)
  return `<p class="legend">${entries.join('')}</p>`
}

const spansOf = (name: string, { manifest: { spans, stages } }: RecordedRun): string =>
  `<div><h3>${escaped(name)}</h3>${spansSvg(spans, stages)}</div>`

/** A run's recipe and seed, and its folder where another one has both. */
function titleOf({ path, manifest: { name, seed } }: RecordedRun, runs: readonly RecordedRun[]): string {
  const alike = runs.filter(({ manifest }) => manifest.name === name && manifest.seed === seed)
  return `${name}, seed ${seed}${alike.length > 1 ? ` (${path})` : ''}`
}

function bars(
  runs: readonly RecordedRun[],
  groups: readonly string[],
  figure: string,
  label: string,
  scale: number
): string {
  const { of } = figures.find(({ name }) => name === figure)!
  const values = runs.flatMap(run => {
    const value = of(run)
    return value === undefined ? [] : [{ run: titleOf(run, runs), group: run.manifest.name, value: scale * value }]
  })
  return values.length === 0
    ? ''
    : `<div><h3>${escaped(figure)}</h3>${htmlPlot({
        width: 440,
        height: 50 + 24 * values.length,
        marginLeft: 160,
        x: { label, grid: true },
        y: { label: null },
        color: colours(groups),
        marks: [Plot.barX(values, { x: 'value', y: 'run', fill: 'group', sort: { y: null } }), Plot.ruleX([0])]
      })}</div>`
}

function mapsOf(title: string, maps: readonly StageMap[]): string {
  if (maps.length === 0) return ''
  return (
    `<h2>Stages of ${escaped(title)}</h2><p class="quiet">Test images, those beside each other that are near for ` +
    'the stage (UMAP); a colour is a class, which a point tells when pointed at. ' +
    'How far clusters lie from each other ' +
    `says little.</p>${legend(labelsOf(maps.flatMap(({ points }) => points)))}` +
    `<div class="grid">${maps.map(({ stage, points }) => scatter(stage, points)).join('')}</div>`
  )
}

const labelsOf = (points: readonly MapPoint[]): readonly string[] =>
  [...new Set(points.map(({ label }) => label))].sort()

function scatter(title: string, points: readonly MapPoint[]): string {
  const labels = labelsOf(points)
  return `<div><h3>${escaped(title)}</h3>${htmlPlot({
    width: 440,
    height: 360,
    x: { label: null, ticks: [] },
    y: { label: null, ticks: [] },
    color: colours(labels),
    marks: [
      Plot.frame({ strokeOpacity: 0.2 }),
      Plot.dot([...points], { x: 'x', y: 'y', fill: 'label', r: 2.5, fillOpacity: 0.8, title: 'label' })
    ]
  })}</div>`
}
