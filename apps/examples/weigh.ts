// What a package brings into an empty folder, and its README's example into a page:
// npm run weigh -- @lapstrake/loss-info-nce
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { buildPackages, installPackages, packages } from './install.ts'

const [name = '@lapstrake/loss-info-nce'] = process.argv.slice(2)
buildPackages()
const place = packages().get(name)
if (place === undefined)
  throw new Error(`weigh: expected one of ${[...packages().keys()].join(', ')}, got ${name}. Try @lapstrake/core.`)
const folder = mkdtempSync(join(tmpdir(), 'lapstrake-weigh-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const readme = readFileSync(join(place, 'README.md'), 'utf8')
const [, line = ''] = /npm install ([^\n]*)/.exec(readme) ?? []
const [, code = ''] = /## Example[^#]*?```ts\n(.*?)```/s.exec(readme) ?? []
const all = installPackages(
  line.split(' ').map(word => word.replace(/(.)@[\d.]+$/, '$1')),
  folder
)
for (const each of all) console.log(`${inMB(join(folder, 'node_modules', each)).padStart(8)} MB  ${each}`)
console.log(`${inMB(join(folder, 'node_modules')).padStart(8)} MB  ${all.length} packages, by npm install ${line}`)

writeFileSync(join(folder, 'example.ts'), code)
writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="example.ts"></script>')
const built = await build({ root: folder, logLevel: 'error', configFile: false })
const chunks = [built].flat().flatMap(each => ('output' in each ? each.output : []))
const bytes = chunks.reduce((sum, chunk) => sum + (chunk.type === 'chunk' ? gzipSync(chunk.code).length : 0), 0)
console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  its example as a page by Vite, gzipped, with TensorFlow.js`)

/** Bytes of all files, also behind links, in MB. */
function inMB(path: string): string {
  const bytesOf = (at: string): number => {
    const stats = statSync(at)
    return stats.isDirectory() ? readdirSync(at).reduce((sum, each) => sum + bytesOf(join(at, each)), 0) : stats.size
  }
  return (bytesOf(path) / 1e6).toFixed(2)
}
