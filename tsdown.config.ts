import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsdown'

// One configuration for every package, run in its folder: what it exports, and nothing bundled that npm installs.
const cwd = process.cwd()
const entry = [
  'index.ts',
  'node.ts',
  'errors.ts',
  'left-out.ts',
  'options.ts',
  'significance.ts',
  'suites.ts',
  'main.ts',
  'gradients.node.ts',
  'gradients.browser.ts',
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

export default defineConfig({
  cwd,
  entry,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  fixedExtension: false,
  tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
  deps: { neverBundle: [/^[^./]/] }
})
