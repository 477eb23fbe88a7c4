import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const installed = join(root, 'node_modules')

export const examples: readonly string[] = ['plain', 'vite', 'webpack']

/** Builds lapstrake's packages, as far as they have changed. */
export const buildPackages = (): void =>
  run(root, join(installed, '.bin/turbo'), 'run', 'build', '--filter=./packages/**')

/**
 * Puts an example into an empty folder with what an install would bring: lapstrake's packages as npm would publish
 * them, and links to all others. Builds it, where there is something to build.
 *
 * @returns the folder to serve
 */
export function install(example: string, folder: string): string {
  cpSync(join(import.meta.dirname, example), folder, {
    recursive: true,
    filter: path => !['node_modules', 'dist'].includes(basename(path))
  })
  const { dependencies, devDependencies } = manifestOf(folder)
  const needed = withTheirOwn(Object.keys({ ...dependencies, ...devDependencies }))
  const ours = needed.filter(name => /^(@lapstrake\/|lapstrake$)/.test(name))
  unpack(ours, folder)
  for (const name of ['.bin', ...needed.filter(name => !ours.includes(name))]) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(installed, name), link)
  }
  run(folder, 'npm', 'run', 'build', '--if-present', '--silent')
  const built = join(folder, 'dist')
  return existsSync(join(built, 'index.html')) ? built : folder
}

/** The packages and all that they need, as far as they are installed here. */
function withTheirOwn(names: readonly string[]): string[] {
  const all = new Set<string>()
  const add = (name: string): void => {
    const place = join(installed, name)
    if (all.has(name) || !existsSync(place)) return
    all.add(name)
    const { dependencies, peerDependencies } = manifestOf(place)
    Object.keys({ ...dependencies, ...peerDependencies }).forEach(add)
  }
  names.forEach(add)
  return [...all]
}

const manifestOf = (folder: string): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Puts packages into the folder as npm would, from the archives that it would publish. */
function unpack(names: readonly string[], folder: string): void {
  const answer = execFileSync(
    'npm',
    ['pack', '--json', '--pack-destination', folder, ...names.flatMap(name => ['--workspace', name])],
    { cwd: root, encoding: 'utf8' }
  )
  const packed = JSON.parse(answer) as { name: string; filename: string }[]
  for (const { name, filename } of packed) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    run(folder, 'tar', 'xzf', filename, '--strip-components', '1', '-C', place)
  }
}

function run(cwd: string, command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd, stdio: 'pipe' })
}
