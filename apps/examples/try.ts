// Serves an example as it runs where the packages are installed: npm run example -- plain [--isolated]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { serve } from '../site/serve.mjs'
import { buildPackages, examples, install } from './install.ts'

const {
  values: { isolated },
  positionals: [example = '']
} = parseArgs({ allowPositionals: true, options: { isolated: { type: 'boolean', default: false } } })
if (!examples.includes(example))
  throw new Error(
    `example: expected one of ${examples.join(', ')}, got ${example || 'nothing'}. Try: npm run example -- plain`
  )
buildPackages()
const folder = mkdtempSync(join(tmpdir(), 'lapstrake-example-'))
const { url, close } = await serve({ folder: install(example, folder), isolated })
console.log(
  `${url} shows ${example}, ${isolated ? 'isolated from other origins, so on threads' : 'on one thread'}. ` +
    'Ctrl-C ends it.'
)
process.once('SIGINT', () => {
  void close()
  rmSync(folder, { recursive: true })
})
