// Tables and figures of docs/study from the files of results.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as Plot from '@observablehq/plot'
import { writeFileAtomic } from 'lapstrake/node'
import { plan } from 'lapstrake'
import { parseHTML } from 'linkedom'
import { byDepth, cells, dataSets, depthCell, depths, experimentOf, heads, methods, scales } from './design.ts'
import type { Baselines } from './baselines.ts'
import type { CellResult } from './run-cell.ts'
import type { Results } from './results.ts'
import { comparisonOf, type StepTimes } from './step-times.ts'

const page = 'docs/study/index.md'

/** Writes the page, with what stands between its marks made anew, and its figures; gives their paths. */
export async function writePages(folder: string, { runs, times, baselines }: Results): Promise<readonly string[]> {
  const memory = await memoryByDepth()
  const blocks = blocksOf(runs, memory, times, baselines)
  const text = await readFile(page, 'utf8')
  const made = text.replaceAll(
    /(<!-- from results: (.*?) -->\n).*?(<!-- end -->)/gs,
    (_, open: string, name: string, close: string) => {
      const block = blocks[name]
      if (block === undefined)
        throw new Error(
          `study: expected one of ${Object.keys(blocks).join(', ')} between the marks of ${page}, got ${name}.`
        )
      return `${open}\n${block.trim() === '' ? 'No runs yet.' : block.trim()}\n\n${close}`
    }
  )
  const files: Record<string, string> = { 'index.md': made, ...figuresOf(runs, memory) }
  for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(folder, name), content)
  return Object.keys(files).map(name => join(folder, name))
}

/** Megabytes of tensors at the peak of a step. */
interface DepthMemory {
  readonly method: string
  readonly blocks: number
  readonly megabytes: number
}

/** Of all depths, whether anyone has trained them or not. */
async function memoryByDepth(): Promise<readonly DepthMemory[]> {
  const { size, channels } = dataSets.cifar10
  return Promise.all(
    depths.flatMap(blocks =>
      byDepth.map(async method => {
        const experiment = experimentOf(depthCell(blocks, method, 0), scales.full)
        const { peakBytes } = await plan(experiment, {
          inputShape: [size, size, channels],
          batch: experiment.batchSize
        })
        return { method, blocks, megabytes: peakBytes / 1e6 }
      })
    )
  )
}

function blocksOf(
  results: readonly CellResult[],
  memory: readonly DepthMemory[],
  times: StepTimes,
  baselines: Baselines
): Readonly<Record<string, string>> {
  const tables = Object.keys(dataSets).flatMap(data =>
    Object.keys(heads).map(head => {
      const mine = results.filter(({ cell }) => cell.width === 'growing' && cell.data === data && cell.head === head)
      return [`${data}, ${head}`, mainTables(mine, times)] as const
    })
  )
  const headline = results.filter(
    ({ cell }) => cell.width === 'growing' && cell.data === 'cifar10' && cell.head === 'MLP of 2'
  )
  const scale = results[0]?.scale
  return {
    ...Object.fromEntries(tables),
    runs:
      scale === undefined
        ? ''
        : `${results.length} of ${cells.length} runs of ${scale.epochs} epochs over ` +
          `${scale.examples.toLocaleString('en')} images in batches of ${scale.batchSize}; ` +
          `read out on ${scale.tests.toLocaleString('en')} test images.`,
    baselines: baselinesTable(baselines),
    stages: stagesTable(headline),
    depth: depthTable(
      results.filter(({ cell }) => cell.width === 'equal'),
      memory
    ),
    differences: differences(results, top),
    'differences of best stages': differences(results, best)
  }
}

const top = ({ stages }: CellResult): CellResult['stages'][number] => stages.at(-1)!
/**
 * The stage whose features a linear readout makes most of. The test images choose it, which flatters every way alike.
 */
const best = ({ stages }: CellResult): CellResult['stages'][number] =>
  stages.reduce((most, stage) => (stage.linear > most.linear ? stage : most))
const of = (results: readonly CellResult[], method: string): readonly CellResult[] =>
  results.filter(({ cell }) => cell.method === method)
const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

/** What was learned, and below it what that took. */
function mainTables(results: readonly CellResult[], times: StepTimes): string {
  if (results.length === 0) return ''
  const whole = of(results, 'end-to-end')
  const target = 0.95 * mean(whole.map(({ curve }) => curve.at(-1)!.neighbours))
  const rows = Object.keys(methods)
    .map(method => [method, of(results, method)] as const)
    .filter(([, mine]) => mine.length > 0)
  const learned = markdown(
    ['accuracy on test images, %', 'runs', 'linear readout', 'nearest neighbours', '10 % of labels', '1 % of labels'],
    rows.map(([method, mine]) => [
      method,
      String(mine.length),
      percent(mine.map(run => top(run).linear)),
      percent(mine.map(run => top(run).neighbours)),
      percent(mine.map(({ fewLabels }) => fewLabels['10 %'])),
      percent(mine.map(({ fewLabels }) => fewLabels['1 %']))
    ])
  )
  if (whole.length === 0) return learned
  const { scale, cell } = whole[0]!
  const taken = markdown(
    ['', 'peak memory', 'multiply-adds', 'a step', `epochs to ${percent([target])} % by neighbours`, 'that takes'],
    rows.map(([method, mine]) => {
      const reached = mine.flatMap(({ curve }) => curve.find(({ neighbours }) => neighbours >= target)?.epoch ?? [])
      const milliseconds = times[comparisonOf(cell)]?.[method]
      const [all, steps] = [
        reached.length === mine.length,
        mean(reached) * Math.floor(scale.examples / scale.batchSize)
      ]
      return [
        method,
        `${(mine[0]!.peakBytes / 1e6).toFixed(0)} MB`,
        `${(mine[0]!.stepMultiplyAdds / whole[0]!.stepMultiplyAdds).toFixed(2)} ×`,
        milliseconds === undefined ? '–' : `${milliseconds.toFixed(0)} ms`,
        all ? mean(reached).toFixed(1) : `${reached.length} of ${mine.length} runs reach it`,
        milliseconds === undefined || !all ? '–' : `${((steps * milliseconds) / 1000).toFixed(0)} s`
      ]
    })
  )
  return `${learned}\n\n${taken}`
}

function baselinesTable(baselines: Baselines): string {
  const rows = Object.entries(baselines).map(([data, { pixels, untrained }]) => [
    data,
    percent([pixels]),
    percent(untrained.map(stages => stages.at(-1)!)),
    percent(untrained.map(stages => Math.max(...stages)))
  ])
  return rows.length === 0
    ? ''
    : markdown(['linear readout, %', 'raw pixels', 'untrained, highest stage', 'untrained, best stage'], rows)
}

function stagesTable(results: readonly CellResult[]): string {
  if (results.length === 0) return ''
  const levels = results[0]!.stages.map(({ blocks }) => blocks)
  return markdown(
    ['linear readout, %', ...levels.map((_, i) => `stage ${i + 1}`)],
    Object.keys(methods).flatMap(method => {
      const mine = of(results, method)
      return mine.length === 0
        ? []
        : [[method, ...levels.map((_, i) => percent(mine.map(({ stages }) => stages[i]!.linear)))]]
    })
  )
}

function depthTable(results: readonly CellResult[], memory: readonly DepthMemory[]): string {
  return markdown(
    ['blocks', ...byDepth.map(method => `${method}, %`), ...byDepth.map(method => `${method}, MB`)],
    depths.map(blocks => [
      String(blocks),
      ...byDepth.map(method => {
        const mine = of(results, method).filter(({ cell }) => cell.blocks === blocks)
        return mine.length === 0 ? '–' : percent(mine.map(run => top(run).linear))
      }),
      ...byDepth.map(method => memory.find(one => one.method === method && one.blocks === blocks)!.megabytes.toFixed(0))
    ])
  )
}

/** Of the same seeds, so that what the seeds share is taken out. */
function differences(results: readonly CellResult[], stage: (run: CellResult) => CellResult['stages'][number]): string {
  const groups = new Map<string, CellResult[]>()
  for (const run of results) {
    const { data, head, width, blocks } = run.cell
    const name = width === 'growing' ? `${data}, ${head}` : `${data}, ${blocks} blocks of equal width`
    groups.set(name, [...(groups.get(name) ?? []), run])
  }
  const rows = [...groups].flatMap(([name, runs]) => {
    const apart = (one: string, other: string): string => {
      const pairs = of(runs, one).flatMap(run =>
        of(runs, other)
          .filter(({ cell }) => cell.seed === run.cell.seed)
          .map(against => stage(run).linear - stage(against).linear)
      )
      return pairs.length < 2 ? '' : `${signed(100 * mean(pairs))}\u00a0±\u00a0${(100 * deviation(pairs)).toFixed(1)}`
    }
    const cells = [
      apart('overlapping', 'end-to-end'),
      apart('overlapping', 'greedy'),
      apart('greedy', 'end-to-end'),
      apart('overlapping', 'upper gradient only'),
      apart('overlapping', 'one block shared')
    ]
    return cells.every(cell => cell === '') ? [] : [[name, ...cells]]
  })
  return rows.length === 0
    ? ''
    : markdown(
        [
          'points of the linear readout',
          'overlapping − end-to-end',
          'overlapping − greedy',
          'greedy − end-to-end',
          'overlapping − upper gradient only',
          'overlapping − one block shared'
        ],
        rows
      )
}

/** A point of a line in a figure. */
interface Point {
  readonly method: string
  readonly x: number
  readonly y: number
}

function figuresOf(results: readonly CellResult[], memory: readonly DepthMemory[]): Readonly<Record<string, string>> {
  const byStage = results.filter(
    ({ cell }) => cell.width === 'growing' && cell.data === 'cifar10' && cell.head === 'MLP of 2'
  )
  const stages = Object.keys(methods).flatMap(method => {
    const mine = of(byStage, method)
    return mine.length === 0
      ? []
      : mine[0]!.stages.map(
          (_, i): Point => ({ method, x: i + 1, y: 100 * mean(mine.map(run => run.stages[i]!.linear)) })
        )
  })
  const deep = byDepth.flatMap(method =>
    depths.flatMap(blocks => {
      const mine = of(results, method).filter(({ cell }) => cell.width === 'equal' && cell.blocks === blocks)
      return mine.length === 0 ? [] : [{ method, x: blocks, y: 100 * mean(mine.map(run => top(run).linear)) }]
    })
  )
  return {
    'memory-by-depth.svg': figure(
      memory.map(({ method, blocks, megabytes }) => ({ method, x: blocks, y: megabytes })),
      { x: 'blocks', y: 'peak memory of a step, MB', zero: true }
    ),
    ...(stages.length > 0 && { 'accuracy-by-stage.svg': figure(stages, { x: 'stage', y: 'linear readout, %' }) }),
    ...(deep.length > 0 && { 'accuracy-by-depth.svg': figure(deep, { x: 'blocks', y: 'linear readout, %' }) })
  }
}

/** A line for each method, with its name at its end. */
function figure(
  points: readonly Point[],
  { x, y, zero = false }: { readonly x: string; readonly y: string; readonly zero?: boolean | undefined }
): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const highest = Math.max(...points.map(point => point.y))
  const lowest = zero ? 0 : Math.min(...points.map(point => point.y))
  const names: Point[] = []
  // Names that would cover one another are moved up.
  for (const end of [...new Map(points.map(point => [point.method, point])).values()].sort((a, b) => a.y - b.y)) {
    names.push({ ...end, y: Math.max(end.y, (names.at(-1)?.y ?? -Infinity) + 0.065 * (highest - lowest)) })
  }
  const drawn = Plot.plot({
    document,
    width: 700,
    height: 300,
    marginLeft: 45,
    marginRight: 185,
    marginBottom: 40,
    style: { color: '#808080', background: 'none', fontFamily: 'system-ui, sans-serif', fontSize: '13px' },
    // A way has one colour in all figures.
    color: { domain: Object.keys(methods) },
    x: {
      label: x,
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: [...new Set(points.map(point => point.x))],
      tickFormat: 'd'
    },
    y: { label: y, grid: true, zero },
    marks: [
      Plot.lineY([...points], { x: 'x', y: 'y', stroke: 'method', strokeWidth: 2 }),
      Plot.dot([...points], { x: 'x', y: 'y', fill: 'method', r: 3 }),
      Plot.text(names, { x: 'x', y: 'y', text: 'method', fill: 'method', textAnchor: 'start', dx: 10 })
    ]
  }) as unknown as SVGElement
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return `${drawn.outerHTML}\n`
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

function deviation(numbers: readonly number[]): number {
  const middle = mean(numbers)
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - middle) ** 2, 0) / Math.max(1, numbers.length - 1))
}

/** With spaces that do not break. */
const percent = (parts: readonly number[]): string =>
  `${(100 * mean(parts)).toFixed(1)}${parts.length > 1 ? `\u00a0±\u00a0${(100 * deviation(parts)).toFixed(1)}` : ''}`

function signed(number: number): string {
  const size = Math.abs(number).toFixed(1)
  return `${size === '0.0' ? '' : number < 0 ? '−' : '+'}${size}`
}
