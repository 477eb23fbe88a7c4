import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import type { Race } from './quickstart-command.ts'

export interface Report {
  readonly said: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly races: readonly Race[]
}

/** One page with the table, the curves and the spans; it needs nothing but itself. */
export function htmlReport({ said, head, rows, races }: Report): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const smooth = (values: readonly number[]): number[] => {
    let level = values[0] ?? 0
    return values.map(value => (level = 0.9 * level + 0.1 * value))
  }
  const curves = races.flatMap(({ name, history }) => Object.keys(history[0]?.losses ?? {}).flatMap(unit =>
    smooth(history.map(({ losses }) => losses[unit]!)).map((loss, i) => ({ name, unit, step: history[i]!.step, loss }))))
  const losses = Plot.plot({
    document, width: 900, height: 280, marginLeft: 50, x: { label: 'step' }, y: { label: 'loss (nats)', grid: true }, color: { legend: false },
    fx: { label: null }, marks: [Plot.frame({ stroke: '#ddd' }), Plot.line(curves, { x: 'step', y: 'loss', stroke: 'unit', fx: 'name' })]
  })
  const bars = (label: string, value: (race: Race) => number): string => (Plot.plot({
    document, width: 440, height: 130, marginLeft: 160, x: { label, grid: true }, y: { label: null },
    marks: [Plot.barX([...races], { x: value, y: 'name', fill: '#4269d0', sort: { y: null } }), Plot.ruleX([0])]
  }) as unknown as { outerHTML: string }).outerHTML
  const cells = (row: readonly string[], tag: string): string => `<tr>${row.map(cell => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>lapstrake quickstart</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 920px; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse } td, th { padding: .3rem .9rem; text-align: right; border-bottom: 1px solid #ddd } td:first-child { text-align: left }
pre { line-height: 1.1 } .row { display: flex; flex-wrap: wrap; gap: 2rem } svg { max-width: 100%; height: auto }
</style></head><body>
<h1>One backbone, three ways to learn</h1>
<p>${escaped(said)} Backbone, head, loss, optimizer and seed are the same; only where gradients stop differs.</p>
<table>${cells(head, 'th')}${rows.map(row => cells(row, 'td')).join('')}</table>
<h2>Loss of every unit</h2>
<p>Smoothed; colours are units from the lowest to the highest.</p>
${(losses as unknown as { outerHTML: string }).outerHTML}
<div class="row"><div><h2>Time per step</h2>${bars('milliseconds', race => race.millisecondsPerStep)}</div>
<div><h2>Peak memory of a step</h2>${bars('megabytes', race => race.peakBytes / 1e6)}</div></div>
<h2>Where gradients flow</h2>
<p>A column is a stage, a line a unit; no gradient leaves its planks.</p>
<div class="row">${races.map(({ name, spans }) => `<div><strong>${escaped(name)}</strong><pre>${escaped(spans)}</pre></div>`).join('')}</div>
</body></html>
`
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)
