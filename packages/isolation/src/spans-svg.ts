import type { Span } from '@lapstrake/core'
import { checkGiven } from '@lapstrake/core/options'

const [column, row, top] = [84, 22, 28]
const colours = ['#3b7dd8', '#d9822b', '#3a9d6a', '#b3479f', '#c23c3c', '#7a68d6']

/** The spans as planks over named stages: a picture for a page or a file, dark on light and light on dark. */
export function spansSvg(spans: readonly Span[], stageNames: readonly string[]): string {
  checkGiven('spansSvg', 'a list of spans, as in [{ start: 0, end: 2 }]', spans, 'list')
  checkGiven('spansSvg', 'the names of the stages, as stageNames() gives', stageNames, 'list')
  const [width, height] = [stageNames.length * column, top + spans.length * row + 6]
  const told = spans
    .map(({ start, end }, i) => `unit ${i}: ${start === end ? 'a probe' : stageNames.slice(start, end).join(', ')}`)
    .join('; ')
  const stages = stageNames.map(
    (name, i) =>
      `<rect class="stage" x="${i * column + 2}" y="0" width="${column - 4}" height="${height}" rx="4"/><text ` +
      `x="${(i + 0.5) * column}" y="18">${escaped(name)}</text>`
  )
  // The head and its loss sit on the right end of a plank.
  const planks = spans.map(({ start, end }, i) => {
    const [x, y] = [start * column + 8, top + i * row + 3]
    return (
      `<g fill="${colours[i % colours.length]}"><rect x="${x}" y="${y}" ` +
      `width="${Math.max(8, (end - start) * column - 16)}" height="${row - 8}" rx="4"/></g>` +
      `<circle cx="${Math.max(x + 4, end * column - 15)}" cy="${y + 7}" r="3.5" fill="#fff"/>`
    )
  })
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `class="lapstrake-spans" role="img" aria-label="${escaped(told)}">` +
    // Named, for in a page its style reaches other pictures.
    '<style>.lapstrake-spans .stage{fill:#eceff3}.lapstrake-spans text{font:500 12px ' +
    'system-ui,sans-serif;fill:#444;text-anchor:middle}' +
    '@media(prefers-color-scheme:dark){.lapstrake-spans .stage{fill:#2a2d33}.lapstrake-spans text{fill:#ccc}}</style>' +
    `${stages.join('')}${planks.join('')}</svg>\n`
  )
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
