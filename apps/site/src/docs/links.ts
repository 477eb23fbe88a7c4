import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { packages, root } from './packages.ts'

/**
 * Where a link of the repository leads on the site; nothing where the site has no page for it, as for a file of source
 * code.
 *
 * @param target a path from the root of the repository, with or without an anchor
 */
export function pageOf(target: string): string | undefined {
  const [path = '', anchor] = target.split('#')
  const readme = packages.find(
    ({ folder }) => path === folder || path === `${folder}/` || path === `${folder}/README.md`
  )
  const recipe = /^docs\/(recipes\/\d\d-[\w-]+)\.ts$/.exec(path)
  const page =
    readme !== undefined
      ? `/packages/${readme.page}`
      : recipe !== null
        ? `/${recipe[1]}`
        : path.startsWith('docs/results')
          ? '/benchmarks'
          : /^docs\/decisions\/?$/.test(path)
            ? '/decisions/'
            : path.startsWith('docs/') && path.endsWith('.md')
              ? path.slice('docs'.length)
              : undefined
  return page === undefined || anchor === undefined ? page : `${page}#${anchor}`
}

/** The file a page is made of, from the root of the repository: a package's page is its README. */
const sourceOf = (page: string): string => {
  const [, name] = /^packages\/([\w-]+)\.md$/.exec(page) ?? []
  const readme = packages.find(({ page }) => page === name)
  return readme === undefined ? `docs/${page}` : `${readme.folder}/README.md`
}

/**
 * Links are written for a code host, from file to file. On the site they lead to pages; those to source files become
 * plain text.
 *
 * @throws Error for a link to a file that is not there
 */
export function siteLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('site-links', state => {
    const { relativePath } = state.env as { relativePath: string }
    for (const { children } of state.tokens) {
      if (children === null) continue
      let dropped = false
      for (const token of children) {
        if (token.type === 'link_close' && dropped) {
          token.hidden = true
          Object.assign(token, { type: 'text', tag: '', content: '', nesting: 0 })
          dropped = false
        }
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        if (href === null || relativePath.startsWith('api/') || /^(#|\/|[a-z]+:)/.test(href)) continue
        const source = sourceOf(relativePath)
        const target = posix.join(posix.dirname(source), decodeURI(href))
        if (!existsSync(root + target.replace(/#.*/, ''))) {
          throw new Error(
            `site: expected the links of ${source} to lead to files, got "${href}", where nothing is. Mend the link.`
          )
        }
        const page = pageOf(target)
        if (page !== undefined) token.attrSet('href', page)
        else {
          Object.assign(token, { type: 'text', tag: '', content: '', nesting: 0 })
          dropped = true
        }
      }
    }
  })
}
