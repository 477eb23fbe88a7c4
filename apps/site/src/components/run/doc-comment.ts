/** What a recipe says of itself above its default export. */
export interface DocComment {
  /** Its first words, up to a bracket, colon or full stop: `LoCo`. */
  readonly title: string
  /** Its first paragraph. */
  readonly summary: string
  /** All of its text, as Markdown, but for indented lines: how the study of it is run. */
  readonly text: string
}

/** How the paragraphs begin in which a recipe says what its paper claims, what its lines do, and what is to come. */
export const leads = ['The paper', 'The lines', 'Expect', 'Look at'] as const

/** A recipe's text with the beginnings of those paragraphs in bold. */
export const withLeads = (text: string): string =>
  text.replaceAll(new RegExp(`(?<=^|\\n\\n)(?:${leads.join('|')})\\b`, 'g'), '**$&**')

/** Reads the comment above `const recipe`; a recipe whose comment begins with no short name is named by its file. */
export function docComment(source: string, file: string): DocComment {
  const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*const recipe\b/.exec(source)?.[1] ?? ''
  const lines = comment
    .trim()
    .split('\n')
    .map(line => line.replace(/^\s*\* ?/, '').trimEnd())
  const text = lines
    .filter(line => !line.startsWith('    '))
    .join('\n')
    .trim()
  const [, title = words(file)] = /^([^(:.\n]{1,50}?)(?: \(|:|\.)/.exec(text) ?? []
  return { title, summary: text.split('\n\n')[0]!, text }
}

/** `08-certificate.ts` as words. */
function words(file: string): string {
  const name = file.replace(/^\d+-|\.ts$/g, '').replaceAll('-', ' ')
  return name.charAt(0).toUpperCase() + name.slice(1)
}
