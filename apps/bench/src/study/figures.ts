// The drawings of docs/study.
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { deviation, mean } from './spread.ts'

/** A mark of a figure: what was measured, once for each seed. */
export interface Measured {
  readonly line: string
  readonly x: string
  readonly values: readonly number[]
}

interface FigureOptions {
  readonly x: string
  readonly y: string
  /** Places along x, from the left. */
  readonly places: readonly string[]
  /** Lines, in the order of their colours. */
  readonly lines: readonly string[]
  readonly zero?: boolean | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
}

const style = { color: '#808080', background: 'none', fontFamily: 'system-ui, sans-serif', fontSize: '13px' }

/** Lines through means, a bar of one deviation at each, and the name of each line at its end. */
export function figure(
  measured: readonly Measured[],
  { x, y, places, lines, zero = false, width = 700, height = 300 }: FigureOptions
): string {
  const points = measured.map(({ values, ...rest }) => ({ ...rest, y: mean(values), spread: deviation(values) }))
  const [highest, lowest] = [
    Math.max(...points.map(({ y, spread }) => y + spread)),
    zero ? 0 : Math.min(...points.map(({ y, spread }) => y - spread))
  ]
  const names: { line: string; x: string; y: number }[] = []
  // Names that would cover one another are moved up.
  for (const end of [...new Map(points.map(point => [point.line, point])).values()].sort((a, b) => a.y - b.y))
    names.push({ ...end, y: Math.max(end.y, (names.at(-1)?.y ?? -Infinity) + 0.065 * (highest - lowest)) })
  return written(
    Plot.plot({
      document: page(),
      width,
      height,
      marginLeft: 45,
      marginRight: Math.max(...lines.map(line => line.length)) * 7 + 25,
      marginBottom: 40,
      style,
      color: { domain: [...lines] },
      x: { type: 'point', domain: [...places], label: x, labelAnchor: 'center', labelArrow: 'none' },
      y: { label: y, grid: true, zero },
      marks: [
        Plot.lineY(points, { x: 'x', y: 'y', stroke: 'line', strokeWidth: 2 }),
        Plot.ruleX(
          points.filter(({ spread }) => spread > 0),
          { x: 'x', y1: ({ y, spread }) => y - spread, y2: ({ y, spread }) => y + spread, stroke: 'line' }
        ),
        Plot.dot(points, { x: 'x', y: 'y', fill: 'line', r: 3 }),
        Plot.text(names, { x: 'x', y: 'y', text: 'line', fill: 'line', textAnchor: 'start', dx: 10 })
      ]
    }) as unknown as SVGElement
  )
}

/** What a window costs and gives, on one set of images. */
export interface Dial {
  readonly title: string
  readonly accuracy: readonly { readonly window: string; readonly values: readonly number[] }[]
  /** Megabytes at the peak of a step. */
  readonly memory: readonly { readonly window: string; readonly megabytes: number }[]
}

/** Accuracy against the size of windows, above the memory that it takes; a column for each set of images. */
export function dial(dials: readonly Dial[], places: readonly string[]): string {
  const [width, upper, lower] = [250, 220, 140]
  const common = { width, marginLeft: 46, marginRight: 12, style, document: page() }
  const x = { domain: [...places], label: null }
  const atLeft = { frameAnchor: 'top-left', dx: -36, textAnchor: 'start', fill: 'currentColor' } as const
  const columns = dials.map(({ title, accuracy, memory }, column) => {
    const points = accuracy.map(({ window, values }) => ({ window, y: mean(values), spread: deviation(values) }))
    const above = Plot.plot({
      ...common,
      height: upper,
      marginTop: 56,
      x: { ...x, type: 'point', padding: 0.6 },
      y: { label: null, grid: true, nice: true, ticks: 5 },
      marks: [
        Plot.text([title], { ...atLeft, dy: -50, fontWeight: 'bold' }),
        Plot.text(['linear readout, %'], { ...atLeft, dy: -32 }),
        Plot.lineY(points, { x: 'window', y: 'y', stroke: '#3b7dd8', strokeWidth: 2 }),
        Plot.ruleX(points, {
          x: 'window',
          y1: ({ y, spread }) => y - spread,
          y2: ({ y, spread }) => y + spread,
          stroke: '#3b7dd8'
        }),
        Plot.dot(points, { x: 'window', y: 'y', fill: '#3b7dd8', r: 3.5 }),
        Plot.text(points, {
          x: 'window',
          y: ({ y, spread }: { y: number; spread: number }) => y + spread,
          dy: -10,
          text: ({ y }: { y: number }) => y.toFixed(1),
          fill: 'currentColor'
        })
      ]
    }) as unknown as SVGElement
    const below = Plot.plot({
      ...common,
      height: lower,
      marginTop: 34,
      marginBottom: 36,
      x: {
        ...x,
        type: 'band',
        label: 'stages that learn together',
        labelAnchor: 'center',
        labelArrow: 'none',
        padding: 0.45
      },
      y: { label: null, grid: true, zero: true, ticks: 4 },
      marks: [
        Plot.text(['peak of a step, MB'], { ...atLeft, dy: -30 }),
        Plot.barY(memory, { x: 'window', y: 'megabytes', fill: '#d88c3b' }),
        Plot.text(memory, {
          x: 'window',
          y: 'megabytes',
          dy: -8,
          text: ({ megabytes }: { megabytes: number }) => megabytes.toFixed(0),
          fill: 'currentColor'
        })
      ]
    }) as unknown as SVGElement
    above.setAttribute('x', String(column * width))
    below.setAttribute('x', String(column * width))
    below.setAttribute('y', String(upper))
    return above.outerHTML + below.outerHTML
  })
  const whole = page().createElementNS('http://www.w3.org/2000/svg', 'svg')
  const [w, h] = [width * dials.length, upper + lower]
  whole.setAttribute('width', String(w))
  whole.setAttribute('height', String(h))
  whole.setAttribute('viewBox', `0 0 ${w} ${h}`)
  whole.innerHTML = columns.join('')
  return written(whole)
}

const page = (): Document => parseHTML('<!doctype html><html><body></body></html>').document as unknown as Document

function written(drawn: Element): string {
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return `${drawn.outerHTML}\n`
}
