import * as Plot from '@observablehq/plot'
import { escaped, htmlPage, htmlPlot, htmlTable } from './html-page.ts'
import type { Race } from './race.ts'

export interface Report {
  readonly said: string
  /** What it came to, in a sentence. */
  readonly outcome: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly races: readonly Race[]
}

/** One page with the table, the curves and the spans; it needs nothing but itself. */
export function htmlReport({ said, outcome, head, rows, races }: Report): string {
  const smooth = (values: readonly number[]): number[] => {
    let level = values[0] ?? 0
    return values.map(value => (level = 0.9 * level + 0.1 * value))
  }
  const curves = races.flatMap(({ name, history }) =>
    Object.keys(history[0]?.losses ?? {}).flatMap(unit =>
      smooth(history.map(({ losses }) => losses[unit]!)).map((loss, i) => ({
        name,
        unit,
        step: history[i]!.step,
        loss
      }))
    )
  )
  const losses = htmlPlot({
    width: 900,
    height: 280,
    marginLeft: 50,
    x: { label: 'step' },
    y: { label: 'loss (nats)', grid: true },
    color: { legend: false },
    fx: { label: null },
    marks: [Plot.frame({ strokeOpacity: 0.2 }), Plot.line(curves, { x: 'step', y: 'loss', stroke: 'unit', fx: 'name' })]
  })
  const bars = (label: string, value: (race: Race) => number): string =>
    htmlPlot({
      width: 440,
      height: 130,
      marginLeft: 160,
      x: { label, grid: true },
      y: { label: null },
      marks: [Plot.barX([...races], { x: value, y: 'name', fill: '#4269d0', sort: { y: null } }), Plot.ruleX([0])]
    })
  const flows = races.map(
    ({ name, spans }) => `<div><strong>${escaped(name)}</strong><pre>${escaped(spans)}</pre></div>`
  )
  return htmlPage(
    'lapstrake quickstart',
    `<h1>One backbone, from greedy to end-to-end</h1>
<p>${escaped(said)} Backbone, head, loss, optimizer and seed are the same; only where gradients stop differs.</p>
${htmlTable(head, rows)}
<p>${escaped(outcome)}</p>
<h2>Loss of every unit</h2>
<p>Smoothed; colours are units from the lowest to the highest.</p>
${losses}
<div class="row"><div><h2>Time per step</h2>${bars('milliseconds', race => race.millisecondsPerStep)}</div>
<div><h2>Peak of a step</h2>${bars('MB', race => race.peakBytes / 1e6)}</div></div>
<h2>Where gradients flow</h2>
<p>A column is a stage, a line a unit; no gradient leaves its planks.</p>
<div class="row">${flows.join('')}</div>`
  )
}
