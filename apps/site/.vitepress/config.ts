import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DefaultTheme, UserConfig } from 'vitepress'

const docs = fileURLToPath(new URL('../../../docs', import.meta.url))

/** Pages of a folder in the order of their names, each under its own heading. */
const pages = (folder: string): { text: string; link: string }[] => readdirSync(`${docs}/${folder}`)
  .filter(file => file.endsWith('.md') && file !== 'index.md' && !file.startsWith('['))
  .map(file => ({
    text: /^# (.*)$/m.exec(readFileSync(`${docs}/${folder}/${file}`, 'utf8'))?.[1] ?? file,
    link: `/${folder}/${file.replace(/\.md$/, '')}`
  }))

const recipes = readdirSync(`${docs}/recipes`).filter(file => /^\d\d-.*(?<!\.test)\.ts$/.test(file)).map(file => file.replace(/\.ts$/, ''))

// With these a page may have threads; without them everything works on one.
const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

const config: UserConfig<DefaultTheme.Config> = {
  title: 'lapstrake',
  description: 'Local learning with overlapping units, in Node and in the browser',
  head: [['link', { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' }]],
  srcDir: '../../docs',
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  cleanUrls: true,
  lastUpdated: false,
  ignoreDeadLinks: true,
  vite: {
    publicDir: fileURLToPath(new URL('../public', import.meta.url)),
    resolve: { conditions: ['@lapstrake/source'] },
    server: { headers: isolated, fs: { allow: [fileURLToPath(new URL('../../..', import.meta.url))] } },
    worker: { format: 'es' },
    build: { target: 'es2022', chunkSizeWarningLimit: 4000 },
    esbuild: { target: 'es2022' }
  },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/what-local-learning-is' },
      { text: 'Recipes', link: `/recipes/${recipes[0]}` },
      { text: 'Playground', link: '/playground' }
    ],
    sidebar: {
      '/guide/': [{ text: 'Guide', items: pages('guide') }],
      '/recipes/': [{ text: 'Recipes', items: recipes.map(recipe => ({ text: recipe, link: `/recipes/${recipe}` })) }],
      '/decisions/': [{ text: 'Decisions', items: pages('decisions') }]
    },
    search: { provider: 'local' }
  }
}

export default config
