import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DefaultTheme, UserConfig } from 'vitepress'
import { docComment } from '../src/components/run/doc-comment.ts'
import { decisions } from '../src/docs/decisions.data.ts'
import { indentedCode } from '../src/docs/indented-code.ts'
import { siteLinks } from '../src/docs/links.ts'
import { libraries, packages } from '../src/docs/packages.ts'
import { described, headOf } from '../src/docs/page-head.ts'
import { settingsOf } from '../src/docs/settings.ts'
import { typeChecked } from '../src/docs/type-checked.ts'

const docs = fileURLToPath(new URL('../../../docs', import.meta.url))

/** A page with its heading as its name. */
const page = (path: string): { text: string; link: string } => ({
  text: /^# (.*)$/m.exec(readFileSync(`${docs}/${path}.md`, 'utf8'))?.[1] ?? path,
  link: `/${path}`
})

const recipes = readdirSync(`${docs}/recipes`)
  .filter(file => /^\d\d-.*(?<!\.test)\.ts$/.test(file))
  .map(file => ({
    text: docComment(readFileSync(`${docs}/recipes/${file}`, 'utf8'), file).title,
    link: `/recipes/${file.slice(0, -3)}`
  }))

// With these a page may have threads; without them everything works on one.
const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

// Where a window forbids storage, asking for it throws: VitePress remembers the reader's choices for as long as the
// page lives.
const withoutStorage = `try { localStorage } catch {
  const kept = new Map()
  const storage = {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => { kept.set(key, String(value)) },
    removeItem: key => { kept.delete(key) }
  }
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { value: storage })
}`

const settings = settingsOf(process.env)
const { base, repository } = settings

/** Leads to the repository, where the site knows of one. */
const sources =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2">' +
  '<path d="m8 7-5 5 5 5M16 7l5 5-5 5"/></svg>'

/** What stands beside the pages of the guide. */
const guide = [
  {
    text: 'Begin',
    items: [
      'what-local-learning-is',
      'when-to-use-it',
      'install',
      'from-pytorch',
      'your-own-data',
      'use-what-you-trained',
      'node-and-browser',
      'host-the-site'
    ].map(name => page(`guide/${name}`))
  },
  {
    text: 'Write your own',
    items: [
      'write-your-own-loss',
      'write-your-own-stage',
      'write-your-own-isolation',
      'constants-beside-the-flow',
      'learn-in-parts',
      'memory'
    ].map(name => page(`guide/${name}`))
  },
  {
    text: 'Long runs',
    items: ['plan-and-audit', 'follow-a-run', 'watch-and-compare', 'jobs-and-containers'].map(name =>
      page(`guide/${name}`)
    )
  },
  {
    text: 'What was measured',
    items: [
      { ...page('study/index'), link: '/study/' },
      ...['losses', 'speed'].map(name => page(`guide/${name}`)),
      page('benchmarks')
    ]
  },
  { text: 'Behind it', items: [page('papers'), { text: 'Decisions', link: '/decisions/' }] }
]

const config: UserConfig<DefaultTheme.Config> = {
  title: 'lapstrake',
  titleTemplate: ':title · lapstrake',
  description: 'Local learning with overlapping units, in Node and in the browser',
  base,
  head: [
    ['script', {}, withoutStorage],
    ['link', { rel: 'icon', href: `${base}favicon.svg`, type: 'image/svg+xml' }]
  ],
  srcDir: '../../docs',
  srcExclude: ['results/**'],
  outDir: 'dist',
  cacheDir: 'node_modules/.vitepress',
  cleanUrls: true,
  lastUpdated: false,
  transformHead: context => headOf(context, settings),
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    codeTransformers: [typeChecked()],
    config(markdown): void {
      siteLinks(markdown)
      indentedCode(markdown)
      described(markdown)
    }
  },
  vite: {
    publicDir: fileURLToPath(new URL('../public', import.meta.url)),
    resolve: { conditions: ['@lapstrake/source'] },
    server: { headers: isolated, fs: { allow: [fileURLToPath(new URL('../../..', import.meta.url))] } },
    worker: { format: 'es' },
    define: { 'import.meta.env.THREADS_BY_WORKER': JSON.stringify(settings.threadsByWorker) },
    build: { target: 'es2022', chunkSizeWarningLimit: 4000 },
    esbuild: { target: 'es2022' }
  },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/what-local-learning-is', activeMatch: '^/guide/' },
      { text: 'Recipes', link: '/recipes/', activeMatch: '^/recipes/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Papers', link: '/papers' },
      { text: 'Benchmarks', link: '/benchmarks' },
      { text: 'API', link: '/api/', activeMatch: '^/(api|packages)/' }
    ],
    sidebar: {
      '/guide/': guide,
      '/study/': guide,
      '/recipes/': [{ text: 'Recipes', link: '/recipes/', items: recipes }],
      '/packages/': [
        { text: 'Packages', items: packages.map(({ name, page }) => ({ text: name, link: `/packages/${page}` })) }
      ],
      '/api/': [{ text: 'API', items: libraries.map(({ name, page }) => ({ text: name, link: `/api/${page}` })) }],
      '/decisions/': [{ text: 'Decisions', items: decisions().map(({ title, link }) => ({ text: title, link })) }]
    },
    outline: [2, 3],
    ...(repository === undefined
      ? {}
      : { socialLinks: [{ icon: { svg: sources }, link: repository, ariaLabel: 'Sources' }] }),
    // The button shows "Search" and the key: its name says both, and a space lies between them.
    search: {
      provider: 'local',
      options: { translations: { button: { buttonText: 'Search ', buttonAriaLabel: 'Search K' } } }
    },
    notFound: {
      quote: 'There is no page at this address.',
      linkText: 'Go to the front page',
      linkLabel: 'Go to the front page'
    },
    footer: { message: 'MIT licence. Nothing you do here leaves your machine.' }
  }
}

export default config
