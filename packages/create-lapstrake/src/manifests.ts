import { readFileSync } from 'node:fs'
import type { Kind } from './kinds.ts'

const { devDependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>
}

/** The versions that the templates were tried with; of lapstrake's own packages these and what goes on from them. */
const versions = (...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.map(name => [name, `${/^@?lapstrake/.test(name) ? '^' : ''}${devDependencies[name] ?? missing(name)}`])
  )

const engines = { node: '>=20.19' }

/** What package.json holds. */
export const manifestOf = (name: string, kind: Kind | undefined): object =>
  kind === undefined ? projectOf(name) : pluginOf(name, kind)

const projectOf = (name: string): object => ({
  name,
  version: '0.0.0',
  private: true,
  type: 'module',
  scripts: {
    start: 'lapstrake train recipe.js --out runs/first --overwrite && lapstrake evaluate runs/first',
    report: 'lapstrake report runs/first --out runs/first.html',
    test: 'node --test'
  },
  engines,
  dependencies: versions('@lapstrake/cli', '@tensorflow/tfjs-core', 'lapstrake')
})

const pluginOf = (name: string, kind: Kind): object => ({
  name,
  version: '0.0.0',
  description: `${kind === 'isolation' ? 'An' : 'A'} ${kind} for lapstrake`,
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  files: ['dist'],
  scripts: {
    build: 'tsc',
    test: 'vitest run',
    prepublishOnly: 'npm test && npm run build',
    release: 'npm version minor && npm publish --access public'
  },
  engines,
  dependencies: versions('@lapstrake/core', ...(kind === 'loss' ? ['@lapstrake/embeddings'] : [])),
  peerDependencies: versions('@tensorflow/tfjs-core'),
  devDependencies: versions('@lapstrake/testing', 'typescript', 'vitest')
})

function missing(name: string): never {
  throw new Error(`expected a version of ${name} among those that the templates were tried with, got none.`)
}
