import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const installed = join(root, 'node_modules')

export const examples: readonly string[] = ['plain', 'vite', 'webpack']

/** Builds lapstrake's packages, as far as they have changed. */
export const buildPackages = (): void =>
  run(root, join(installed, '.bin/turbo'), 'run', 'build', '--filter=./packages/**')

/**
 * Puts an example into an empty folder with what an install would bring. Builds it, where there is something to build.
 *
 * @returns the folder to serve
 */
export function install(example: string, folder: string): string {
  cpSync(join(import.meta.dirname, example), folder, {
    recursive: true,
    filter: path => !['node_modules', 'dist'].includes(basename(path))
  })
  installDependencies(folder)
  run(folder, 'npm', 'run', 'build', '--if-present', '--silent')
  const built = join(folder, 'dist')
  return existsSync(join(built, 'index.html')) ? built : folder
}

/** What `npm install` would do in a folder, from what is packed and installed here. */
export function installDependencies(folder: string): void {
  const { dependencies, devDependencies, peerDependencies } = manifestOf(folder)
  installPackages(Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }), folder)
}

/**
 * Puts packages and all that they need into a folder: lapstrake's as npm would publish them, and links to all others.
 *
 * @returns the names of all of them
 */
export function installPackages(names: readonly string[], folder: string): readonly string[] {
  const needed = withTheirOwn(names)
  const place = (name: string): string => join(folder, 'node_modules', name)
  for (const name of needed) {
    mkdirSync(dirname(place(name)), { recursive: true })
    const packed = packages().get(name)
    if (packed === undefined) symlinkSync(join(installed, name), place(name))
    else cpSync(packed, place(name), { recursive: true })
  }
  linkCommands(needed, folder)
  return needed
}

/** The packages and all that they need, as far as they are installed here. */
export function withTheirOwn(names: readonly string[]): string[] {
  const all = new Set<string>()
  const add = (name: string): void => {
    const place = join(installed, name)
    if (all.has(name) || !existsSync(place)) return
    all.add(name)
    const { dependencies, peerDependencies = {}, peerDependenciesMeta = {} } = manifestOf(place)
    const peers = Object.keys(peerDependencies).filter(peer => peerDependenciesMeta[peer]?.optional !== true)
    ;[...Object.keys({ ...dependencies }), ...peers].forEach(add)
  }
  names.forEach(add)
  return [...all]
}

interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly bin?: Readonly<Record<string, string>> | string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

export const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

let made: ReadonlyMap<string, string> | undefined

/** The folder of each of lapstrake's packages, out of the archive that npm would publish. */
export function packages(): ReadonlyMap<string, string> {
  if (made !== undefined) return made
  const folder = mkdtempSync(join(tmpdir(), 'lapstrake-packed-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const places = ['packages', 'packages/backbones', 'packages/backends', 'packages/losses']
    .flatMap(parent => readdirSync(join(root, parent)).map(name => `${parent}/${name}`))
    .filter(place => existsSync(join(root, place, 'package.json')))
  const answer = execFileSync(
    'npm',
    ['pack', '--json', '--pack-destination', folder, ...places.flatMap(place => ['--workspace', place])],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
  )
  const packed = JSON.parse(answer) as { name: string; filename: string }[]
  made = new Map(
    packed.map(({ name, filename }) => {
      const place = join(folder, basename(filename, '.tgz'))
      mkdirSync(place)
      run(folder, 'tar', 'xzf', filename, '--strip-components', '1', '-C', place)
      return [name, place]
    })
  )
  return made
}

/** The commands of packages, where npm looks for them. */
function linkCommands(names: readonly string[], folder: string): void {
  const commands = join(folder, 'node_modules/.bin')
  mkdirSync(commands, { recursive: true })
  for (const name of names) {
    const { bin = {} } = manifestOf(join(folder, 'node_modules', name))
    for (const [command, file] of Object.entries(typeof bin === 'string' ? { [basename(name)]: bin } : bin))
      symlinkSync(join('..', name, file), join(commands, command))
  }
}

function run(cwd: string, command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd, stdio: 'pipe' })
}
