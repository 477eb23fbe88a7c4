import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** A page that needs nothing but itself: light and dark, on a phone too. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="lapstrake">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --line: #ddd; --quiet: #666 }
@media (prefers-color-scheme: dark) { :root { --line: #444; --quiet: #aaa } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: CanvasText; background: Canvas }
h1, h2, h3 { line-height: 1.2 } h3 { font-size: 1rem; margin: .5rem 0 0 }
.wide { overflow-x: auto } table { border-collapse: collapse; white-space: nowrap; font-variant-numeric: tabular-nums }
td, th { padding: .3rem .9rem; text-align: right; border-bottom: 1px solid var(--line) }
td:first-child, th:first-child { text-align: left; padding-left: 0 }
pre { line-height: 1.1; overflow-x: auto } .quiet { color: var(--quiet); font-size: .9rem }
.note { border-left: 3px solid #d9822b; padding-left: .8rem }
.row { display: flex; flex-wrap: wrap; gap: 1rem 2rem }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 1rem 2rem }
svg { max-width: 100%; height: auto; color: inherit } summary { cursor: pointer; margin: .5rem 0 }
.legend span { display: inline-block; margin-right: 1.2rem }
.legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px;
  margin-right: .4rem; vertical-align: -1px }
</style></head><body>
${body}
</body></html>
`

/** A table, that scrolls by itself where it is wider than the page. */
export const htmlTable = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map(cell => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<div class="wide"><table>${cells(head, 'th')}${rows.map(row => cells(row, 'td')).join('')}</table></div>`
}

/** A picture of Observable Plot as text, drawn without a page. */
export function htmlPlot(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  return Plot.plot({ document, style: { background: 'transparent' }, ...options }).outerHTML
}

/** Text that means the same in a page. */
export const escaped = (text: string): string => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)
