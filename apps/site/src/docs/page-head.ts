import type { HeadConfig, MarkdownRenderer } from 'vitepress'
import type { Settings } from './settings.ts'

/** What a page is, for its head. */
export interface PageOfHead {
  readonly title: string
  readonly description: string
  /** The file it is made of, below the docs: `guide/memory.md`. */
  readonly page: string
}

/** As much as a search engine or a preview shows. */
const most = 200

/** A page without a description of its own is described by its first paragraph, cut after a word where it is long. */
export function described(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('described', ({ env, tokens }) => {
    const { frontmatter } = env as { frontmatter?: Record<string, unknown> }
    if (frontmatter === undefined || frontmatter['description'] !== undefined) return
    const first = tokens.find(({ type, level }, i) => type === 'inline' && level === 1 && isParagraph(tokens[i - 1]))
    const text = (first?.children ?? [])
      .map(({ type, content }) => (type === 'softbreak' ? ' ' : type === 'html_inline' ? '' : content))
      .join('')
      .trim()
    if (text !== '') frontmatter['description'] = shortened(text)
  })
}

const isParagraph = (token: { readonly type: string } | undefined): boolean => token?.type === 'paragraph_open'

const shortened = (text: string): string =>
  text.length <= most ? text : `${text.slice(0, most).replace(/[\s,;:–-]*\S*$/, '')} …`

/** What search engines and previews of links read: a page's description, and the site's picture. */
export function headOf({ title, description, page }: PageOfHead, { base, address = '' }: Settings): HeadConfig[] {
  const at = `${address}${base}`
  const told = [
    ['og:type', 'website'],
    ['og:site_name', 'lapstrake'],
    ['og:title', title],
    ['og:image', `${at}social.png`],
    ['og:image:width', '1200'],
    ['og:image:height', '630'],
    ['og:image:alt', 'Units as planks above six stages: greedy, windows of two, end-to-end'],
    ...(address === '' ? [] : [['og:url', `${at}${page.replace(/(^|\/)index\.md$|\.md$/, '$1')}`]]),
    ['og:description', description]
  ]
  return [
    ['meta', { name: 'description', content: description }],
    ...told.map(([property, value]): HeadConfig => ['meta', { property: property!, content: value! }]),
    ['meta', { name: 'twitter:card', content: 'summary_large_image' }]
  ]
}
