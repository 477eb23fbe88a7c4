import type { MarkdownRenderer } from 'vitepress'

/**
 * Formulas of doc comments are indented code, which VitePress leaves as wide as it is: they become blocks that scroll
 * by themselves.
 */
export function indentedCode(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('indented-code', state => {
    for (const token of state.tokens)
      if (token.type === 'code_block') Object.assign(token, { type: 'fence', markup: '```', info: 'text' })
  })
}
