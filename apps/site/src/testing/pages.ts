import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))

/** The addresses of all pages of the built site: `/`, `/guide/install`, `/recipes/`. */
export const pages = (): readonly string[] =>
  readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.html') && !file.startsWith('assets'))
    .map(file => `/${file}`.replace(/(index)?\.html$/, ''))
    .sort()

/** One page of every kind: what holds for it holds for those made the same way. */
export const kinds = (): readonly string[] => [
  ...new Set(
    pages().map(page => {
      const [, folder] = /^\/([^/]+)\/./.exec(page) ?? []
      return folder === undefined || folder === 'guide'
        ? page
        : pages().find(other => other.startsWith(`/${folder}/`) && other.length > folder.length + 2)!
    })
  )
]
