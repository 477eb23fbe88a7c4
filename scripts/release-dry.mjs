// A release without publishing anything: on a copy, the versions that the changesets ask for, every package packed,
// what is in the archives, and npm publish --dry-run of each of them.
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { faultsOf } from './release-faults.mjs'

if (process.argv.includes('--help')) {
  console.log(
    'npm run release:dry -- [--no-build]\n' +
      'Says what a release would publish and whether it is whole; nothing is published, and nothing here is changed.'
  )
  process.exit(0)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'lapstrake-release-'))
process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
const call = (command, args, cwd = copy) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1e8 })
const manifestIn = folder => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const foldersIn = (...parents) =>
  parents
    .flatMap(parent => readdirSync(join(root, parent)).map(name => `${parent}/${name}`))
    .filter(folder => existsSync(join(root, folder, 'package.json')))
const places = foldersIn('packages', 'packages/backbones', 'packages/backends', 'packages/losses')

if (!process.argv.includes('--no-build'))
  call(
    join(root, 'node_modules/.bin/turbo'),
    ['run', 'build', '--filter=./packages/**', '--output-logs=errors-only'],
    root
  )
copyWhatIsReleased()
call('git', ['init', '--quiet'])
call('git', ['add', '--all', '.changeset', 'package.json', 'apps', ...places.map(place => `${place}/package.json`)])
call('git', ['-c', 'user.name=release', '-c', 'user.email=release@localhost', 'commit', '--quiet', '-m', 'A copy'])
call(join(root, 'node_modules/.bin/changeset'), ['version'])

const before = new Map(places.map(place => [manifestIn(join(root, place)).name, manifestIn(join(root, place)).version]))
const versions = new Map(
  places.map(place => [manifestIn(join(copy, place)).name, manifestIn(join(copy, place)).version])
)
const asked = readdirSync(join(root, '.changeset'))
  .filter(name => name.endsWith('.md'))
  .map(name => readFileSync(join(root, '.changeset', name), 'utf8'))
  .join('\n')
// A registry that knows nothing and takes nothing.
const registry = createServer((_, answer) => answer.writeHead(404, { 'content-type': 'application/json' }).end('{}'))
await new Promise(listening => registry.listen(0, '127.0.0.1', listening))
const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', copy]
const waiting = JSON.parse(call('npm', [...packing, ...places.flatMap(place => ['--workspace', place])]))
const rows = []
await Promise.all(
  [0, 1].map(async () => {
    for (let packed = waiting.shift(); packed !== undefined; packed = waiting.shift()) {
      const archive = join(copy, packed.filename)
      const faults = [
        ...faultsOf(unpacked(archive), { before, versions, asked, root }),
        ...(await refusals(archive, packed))
      ]
      rows.push({ ...packed, faults })
    }
  })
)
registry.close()

rows.sort((a, b) => a.name.localeCompare(b.name))
for (const { name, version, size, entryCount } of rows)
  console.log(`${name.padEnd(34)} ${version.padEnd(8)} ${(size / 1000).toFixed(1).padStart(7)} kB  ${entryCount} files`)
const faults = rows.flatMap(row => row.faults.map(fault => `${row.name}: ${fault}`))
for (const fault of faults) console.log(fault)
console.log(
  faults.length === 0
    ? `${rows.length} packages could be published. To do it: npx changeset version, commit, npx changeset publish.`
    : `${faults.length} faults in ${rows.length} packages.`
)
process.exitCode = faults.length === 0 ? 0 : 1

function copyWhatIsReleased() {
  for (const name of ['package.json', '.changeset']) cpSync(join(root, name), join(copy, name), { recursive: true })
  for (const place of foldersIn('apps', 'apps/examples'))
    cpSync(join(root, place, 'package.json'), join(copy, place, 'package.json'))
  for (const place of places) {
    const { files = [] } = manifestIn(join(root, place))
    for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', ...files])
      if (existsSync(join(root, place, name)))
        cpSync(join(root, place, name), join(copy, place, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
}

function unpacked(archive) {
  const folder = mkdtempSync(join(copy, 'unpacked-'))
  call('tar', ['xzf', archive, '--strip-components', '1', '-C', folder])
  return folder
}

/** What npm says against publishing an archive. */
async function refusals(archive, { id }) {
  const to = `http://127.0.0.1:${registry.address().port}/`
  try {
    const args = ['publish', archive, '--dry-run', '--json', '--access', 'public', '--registry', to]
    const { stdout } = await promisify(execFile)('npm', args, { cwd: copy })
    return stdout.includes(`"id": "${id}"`) ? [] : [`expected npm to publish ${id}, but it says: ${stdout.trim()}`]
  } catch (error) {
    return [`expected npm to publish ${id}, but it does not: ${(error.stdout || error.stderr).trim()}`]
  }
}
