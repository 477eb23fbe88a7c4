// Tables and figures of docs/study from the files of results.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as Plot from '@observablehq/plot'
import { writeFileAtomic } from 'lapstrake/node'
import { plan } from 'lapstrake'
import { parseHTML } from 'linkedom'
import { byDepth, dataSets, depthCell, depths, experimentOf, heads, methods, scales } from './design.ts'
import type { CellResult } from './run-cell.ts'

const page = 'docs/study/index.md'

/** Writes the page, with what stands between its marks made anew, and its figures; gives their paths. */
export async function writePages(folder: string, results: readonly CellResult[]): Promise<readonly string[]> {
  const memory = await memoryByDepth()
  const blocks = blocksOf(results, memory)
  const text = await readFile(page, 'utf8')
  const made = text.replaceAll(/(<!-- from results: (.*?) -->\n).*?(<!-- end -->)/gs, (_, open: string, name: string, close: string) => {
    const block = blocks[name]
    if (block === undefined) throw new Error(`study: expected one of ${Object.keys(blocks).join(', ')} between the marks of ${page}, got ${name}.`)
    return `${open}\n${block.trim() === '' ? 'No runs yet.' : block.trim()}\n\n${close}`
  })
  const files: Record<string, string> = { 'index.md': made, ...figuresOf(results, memory) }
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
  return Promise.all(depths.flatMap(blocks => byDepth.map(async method => {
    const experiment = experimentOf(depthCell(blocks, method, 0), scales.full)
    const { peakBytes } = await plan(experiment, { inputShape: [size, size, channels], batch: experiment.batchSize })
    return { method, blocks, megabytes: peakBytes / 1e6 }
  })))
}

function blocksOf(results: readonly CellResult[], memory: readonly DepthMemory[]): Readonly<Record<string, string>> {
  const tables = Object.keys(dataSets).flatMap(data => Object.keys(heads).map(head => {
    const mine = results.filter(({ cell }) => cell.width === 'growing' && cell.data === data && cell.head === head)
    return [`${data}, ${head}`, mainTable(mine)] as const
  }))
  const headline = results.filter(({ cell }) => cell.width === 'growing' && cell.data === 'cifar10' && cell.head === 'MLP of 2')
  const scale = results[0]?.scale
  return {
    ...Object.fromEntries(tables),
    runs: scale === undefined ? '' : `${results.length} runs of ${scale.epochs} epochs over ${scale.examples.toLocaleString('en')} images in batches of ${scale.batchSize}; read out on ${scale.tests.toLocaleString('en')} test images.`,
    stages: stagesTable(headline),
    depth: depthTable(results.filter(({ cell }) => cell.width === 'equal'), memory),
    differences: differences(results)
  }
}

const top = ({ stages }: CellResult): CellResult['stages'][number] => stages.at(-1)!
const of = (results: readonly CellResult[], method: string): readonly CellResult[] => results.filter(({ cell }) => cell.method === method)
const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

function mainTable(results: readonly CellResult[]): string {
  const whole = of(results, 'end-to-end')
  if (results.length === 0) return ''
  const target = 0.95 * mean(whole.map(({ curve }) => curve.at(-1)!.neighbours))
  return markdown(
    ['', 'runs', 'linear readout', 'nearest neighbours', '10 % of labels', '1 % of labels', 'peak memory', 'multiply-adds', 'a step', whole.length > 0 ? `seconds to ${(100 * target).toFixed(0)} % by neighbours` : 'seconds'],
    Object.keys(methods).flatMap(method => {
      const mine = of(results, method)
      if (mine.length === 0) return []
      const reached = mine.flatMap(({ curve }) => curve.find(({ neighbours }) => neighbours >= target)?.seconds ?? [])
      return [[
        method, String(mine.length), percent(mine.map(run => top(run).linear)), percent(mine.map(run => top(run).neighbours)),
        percent(mine.map(({ fewLabels }) => fewLabels['10 %'])), percent(mine.map(({ fewLabels }) => fewLabels['1 %'])),
        `${(mine[0]!.peakBytes / 1e6).toFixed(0)} MB`, whole.length > 0 ? `${(mine[0]!.stepMultiplyAdds / whole[0]!.stepMultiplyAdds).toFixed(2)} ×` : '',
        `${mean(mine.map(({ millisecondsPerStep }) => millisecondsPerStep)).toFixed(0)} ms`,
        Number.isNaN(target) ? '' : reached.length < mine.length ? `${reached.length} of ${mine.length} runs` : mean(reached).toFixed(0)
      ]]
    }))
}

function stagesTable(results: readonly CellResult[]): string {
  if (results.length === 0) return ''
  const levels = results[0]!.stages.map(({ blocks }) => blocks)
  return markdown(['', ...levels.map((_, i) => `stage ${i + 1}`)], Object.keys(methods).flatMap(method => {
    const mine = of(results, method)
    return mine.length === 0 ? [] : [[method, ...levels.map((_, i) => percent(mine.map(({ stages }) => stages[i]!.linear)))]]
  }))
}

function depthTable(results: readonly CellResult[], memory: readonly DepthMemory[]): string {
  return markdown(['blocks', ...byDepth.flatMap(method => [method, 'memory'])], depths.map(blocks => [String(blocks), ...byDepth.flatMap(method => {
    const mine = of(results, method).filter(({ cell }) => cell.blocks === blocks)
    return [mine.length === 0 ? 'not run yet' : percent(mine.map(run => top(run).linear)), `${memory.find(one => one.method === method && one.blocks === blocks)!.megabytes.toFixed(0)} MB`]
  })]))
}

/** Of the same seeds, so that what the seeds share is taken out. */
function differences(results: readonly CellResult[]): string {
  const groups = new Map<string, CellResult[]>()
  for (const run of results) {
    const { data, head, width, blocks } = run.cell
    const name = width === 'growing' ? `${data}, ${head}` : `${data}, ${blocks} blocks of equal width`
    groups.set(name, [...groups.get(name) ?? [], run])
  }
  const rows = [...groups].flatMap(([name, runs]) => {
    const apart = (one: string, other: string): string => {
      const pairs = of(runs, one).flatMap(run => of(runs, other).filter(({ cell }) => cell.seed === run.cell.seed).map(against => top(run).linear - top(against).linear))
      return pairs.length < 2 ? '' : `${signed(100 * mean(pairs))} ± ${(100 * deviation(pairs)).toFixed(1)}`
    }
    const cells = [apart('overlapping', 'end-to-end'), apart('overlapping', 'greedy'), apart('greedy', 'end-to-end'), apart('overlapping', 'upper gradient only'), apart('overlapping', 'one block shared')]
    return cells.every(cell => cell === '') ? [] : [[name, ...cells]]
  })
  return rows.length === 0 ? '' : markdown(['points of the linear readout', 'overlapping − end-to-end', 'overlapping − greedy', 'greedy − end-to-end', 'overlapping − upper gradient only', 'overlapping − one block shared'], rows)
}

function figuresOf(results: readonly CellResult[], memory: readonly DepthMemory[]): Readonly<Record<string, string>> {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const draw = (options: Plot.PlotOptions): string => {
    const drawn = Plot.plot({
      document, width: 640, height: 280, marginLeft: 50, marginRight: 110, style: { color: '#808080', background: 'none', fontFamily: 'system-ui, sans-serif', fontSize: '12px' }, ...options
    }) as unknown as SVGElement
    drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
    return `${drawn.outerHTML}\n`
  }
  const byStage = results.filter(({ cell }) => cell.width === 'growing' && cell.data === 'cifar10' && cell.head === 'MLP of 2')
  const stages = Object.keys(methods).flatMap(method => {
    const mine = of(byStage, method)
    return mine.length === 0 ? [] : mine[0]!.stages.map((_, i) => ({ method, stage: i + 1, linear: 100 * mean(mine.map(run => run.stages[i]!.linear)) }))
  })
  const lines = (data: readonly { method: string }[], x: string, y: string): Plot.Markish[] => [
    Plot.lineY([...data], { x, y, stroke: 'method', strokeWidth: 2 }), Plot.dot([...data], { x, y, fill: 'method', r: 3 }),
    Plot.text([...data], Plot.selectLast({ x, y, z: 'method', text: 'method', fill: 'method', textAnchor: 'start', dx: 8 }))
  ]
  return {
    'memory-by-depth.svg': draw({ x: { label: 'blocks', ticks: depths }, y: { label: 'peak memory of a step, MB', grid: true, zero: true }, marks: lines(memory, 'blocks', 'megabytes') }),
    ...(stages.length > 0 && { 'accuracy-by-stage.svg': draw({ x: { label: 'stage' }, y: { label: 'linear readout, %', grid: true }, marks: lines(stages, 'stage', 'linear') }) })
  }
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

function deviation(numbers: readonly number[]): number {
  const middle = mean(numbers)
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - middle) ** 2, 0) / Math.max(1, numbers.length - 1))
}

const percent = (parts: readonly number[]): string =>
  `${(100 * mean(parts)).toFixed(1)} %${parts.length > 1 ? ` ± ${(100 * deviation(parts)).toFixed(1)}` : ''}`

const signed = (number: number): string => `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(1)}`
