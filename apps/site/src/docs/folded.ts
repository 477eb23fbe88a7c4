/**
 * A page of the API as a list that one can look over: of every name its first paragraph, and the rest folded below its
 * signature. What a package only passes on becomes a line of links.
 */
export function folded(page: string): string {
  const [head = '', ...kinds] = page.split(/^(?=## )/m)
  return [head, ...kinds.map(kind => (kind.startsWith('## References') ? passedOn(kind) : entries(kind)))].join('')
}

/** The names that a page describes, by kind, in the order in which they stand there. */
export function namesOf(page: string): readonly { readonly kind: string; readonly name: string }[] {
  return page.split(/^(?=## )/m).flatMap(part => {
    const kind = /^## (.*)$/m.exec(part)?.[1] ?? ''
    return [...part.matchAll(/^### (.*)$/gm)].map(([, name]) => ({ kind, name: name!.replaceAll('\\', '') }))
  })
}

function entries(kind: string): string {
  const [heading = '', ...all] = kind.split(/^(?=### )/m)
  return heading + all.map(entry).join('')
}

/** `### name`, its signature where it has one, its words, then `####` and what belongs to it. */
function entry(text: string): string {
  const [, heading = '', body = ''] = /^(### .*\n+)([^]*?)(?:\n+\*\*\*)?\s*$/.exec(text) ?? []
  const [, signature = '', rest = ''] = /^(```ts\n[^]*?\n```\n*)?([^]*)$/.exec(body) ?? []
  const [first = ''] = rest.split(/\n\n/, 1)
  const words = /^(#|\||```)/.test(first) ? '' : first
  const more = rest.slice(words.length).trim()
  const inside = [signature.trim(), more].filter(part => part !== '').join('\n\n')
  return [
    heading.trim(),
    words,
    ...(inside === '' ? [] : [`<details>\n<summary>${summaryOf(signature)}</summary>`, inside, '</details>'])
  ]
    .filter(part => part !== '')
    .join('\n\n')
    .concat('\n\n')
}

/** A signature in one line, as long as there is room for it; without one, what is folded is the fields. */
function summaryOf(signature: string): string {
  const line = signature
    .replace(/^```ts\n|\n```\n*$/g, '')
    .replace(/^(function|type|const) /, '')
    .replace(/;$/, '')
    .replace(/\s+/g, ' ')
    .replace(/\( /g, '(')
    .replace(/ \)/g, ')')
  if (line === '') return 'Its fields'
  const short = line.length > most ? `${line.slice(0, most - 1)}…` : line
  return `<code v-pre>${short.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</code>`
}
const most = 72

const passedOn = (kind: string): string => {
  const links = [...kind.matchAll(/^(?:Re-exports|Renames and re-exports) (\[.*\]\(.*\))$/gm)].map(([, link]) => link)
  const said = 'Every name below is described in the package that it comes from.'
  return `## What it passes on\n\n${said}\n\n${links.join(' · ')}\n\n`
}
