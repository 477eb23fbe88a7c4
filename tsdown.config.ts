import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsdown'

// One configuration for every package, run in its folder: what it exports, and nothing bundled that npm installs.
const cwd = process.cwd()
const entry = [
  'index.ts',
  'node.ts',
  'errors.ts',
  'options.ts',
  'significance.ts',
  'sorted-files.ts',
  'suites.ts',
  'main.ts',
  'register-gradients.js',
  'dawn.node.ts',
  'dawn.browser.ts',
  'openers.node.ts',
  'openers.browser.ts',
  'threads.node.ts',
  'threads.browser.ts',
  'datasets/decode-worker.js',
  'workers/example-worker.node.js',
  'workers/example-worker.browser.js'
]
  .map(name => `src/${name}`)
  .filter(file => existsSync(file))

interface Exported {
  readonly require?: { readonly types: string; readonly default: string }
}

/** For `require`: the same module, never a second copy of it. Node has required ES modules since 20.19. */
const writeForRequire = (): void => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, string | Exported> }
  for (const exported of Object.values(exports)) {
    if (typeof exported === 'string' || exported.require === undefined) continue
    const { types, default: file } = exported.require
    const module = `./${basename(file, '.cjs')}.js`
    writeFileSync(file, `module.exports = require('${module}')\n`)
    writeFileSync(types, `export * from '${module}'\n`)
  }
}

export default defineConfig({
  cwd,
  entry,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  fixedExtension: false,
  tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
  deps: { neverBundle: [/^[^./]/] },
  hooks: {
    'build:done'() {
      writeForRequire()
      copyFileSync(new URL('LICENSE', import.meta.url), 'LICENSE')
    }
  }
})
