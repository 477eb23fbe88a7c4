// Builds the site where it is not yet built, and serves it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { serve } from '../apps/site/serve.mjs'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5173' },
    rebuild: { type: 'boolean', default: false },
    'no-threads': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})
if (values.help) {
  console.log(
    'npm run site -- [--port 5173] [--rebuild] [--no-threads]\nServes the site, ' +
      'after building it where it is not built or --rebuild asks for it. --no-threads leaves out the headers that ' +
      'allow threads.'
  )
  process.exit(0)
}
const site = new URL('../apps/site/', import.meta.url)
if (values.rebuild || !existsSync(new URL('dist/index.html', site))) {
  const { status } = spawnSync(process.execPath, ['build.mjs'], { cwd: site, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
const { url } = await serve({ port: Number(values.port), isolated: !values['no-threads'] }).catch(error => {
  if (error.code !== 'EADDRINUSE') throw error
  console.error(
    `site: expected port ${values.port} to be free, but something listens there. Choose another with --port.`
  )
  process.exit(1)
})
console.log(`The site is at ${url}. Ctrl-C ends it.`)
