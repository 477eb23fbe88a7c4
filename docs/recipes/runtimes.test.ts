import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { seeded } from 'lapstrake'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const packages = join(root, 'node_modules')
const sources = '--conditions=@lapstrake/source'
type Program = readonly [program: string, ...options: string[]]
const fromNode = (program: string): Program => [program, sources, '--import', 'tsx']

/** The last version of each line of Node that is tried, as a package of npm holds it. */
const nodes: Readonly<Record<string, string>> = { 'Node 20': '20.19.5', 'Node 22': '22.23.5', 'Node 24': '24.22.3' }

/**
 * What to run. Of Node a package with the program is installed beside the others' caches, for it is too large to come
 * with `npm ci`; nothing where that cannot be had.
 */
function programOf(runtime: string): Program | undefined {
  // As its package holds it for this machine: npm runs no script that would put it elsewhere.
  if (runtime === 'Bun') return [join(packages, '@oven', readdirSync(join(packages, '@oven'))[0]!, 'bin/bun'), sources]
  if (runtime === 'Deno') return [join(packages, '.bin/deno'), 'run', '--allow-all', sources]
  const version = nodes[runtime]
  if (version === undefined) return fromNode(process.execPath)
  const name = `node-${process.platform}-${process.arch}`
  const cache = join(packages, '.cache/lapstrake-nodes', version)
  const program = join(cache, 'node_modules', name, 'bin/node')
  if (existsSync(program)) return fromNode(program)
  mkdirSync(cache, { recursive: true })
  const asked = ['install', '--prefix', cache, '--no-save', '--no-audit', '--no-fund', `${name}@${version}`]
  spawnSync('npm', asked, { cwd: cache, timeout: 240_000 })
  return existsSync(program) ? fromNode(program) : undefined
}

interface Told {
  readonly backend: string
  readonly data: string
  readonly size: number
  readonly losses: readonly Readonly<Record<string, number>>[]
}

/** Opens a recipe's own data and takes two steps. */
function twoSteps([program, ...options]: Program, recipe: string, data: string, how: string): Told {
  const { status, stdout, stderr } = spawnSync(
    program,
    [...options, './docs/recipes/testing/two-steps.ts', join(import.meta.dirname, recipe), how],
    { cwd: root, encoding: 'utf8', env: { ...process.env, LAPSTRAKE_DATA: data } }
  )
  expect(status, stderr).toBe(0)
  expect(stderr).not.toContain('unrecognized flag')
  return JSON.parse(stdout) as Told
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lapstrake-runtimes-'))
  mkdirSync(join(folder, 'cifar10'))
  const records = Buffer.from(seeded(0).bits((80 * 3073) / 4).buffer)
  for (let i = 0; i < 80; i++) records[i * 3073] = i % 10
  writeFileSync(join(folder, 'data_batch_1.bin'), records)
  execFileSync('tar', ['-czf', join(folder, 'cifar10/cifar-10-binary.tar.gz'), '-C', folder, 'data_batch_1.bin'])
})
afterAll(() => rmSync(folder, { recursive: true }))

const given = process.env.LAPSTRAKE_DATA
const hasFashion = given !== undefined && existsSync(join(given, 'fashion-mnist'))

// The engine of Bun multiplies and adds one after the other; where others do so, too, they have its losses.
describe.each([
  ...Object.keys(nodes).map(name => [name, 'fused'] as const),
  ['Deno', 'fused'],
  ['Deno', 'plain'],
  ['Bun', 'plain']
] as const)(
  'the same file here and in %s, %s, its data included, has the same losses, digit for digit:',
  (name, how) => {
    test.for([
      ['02-greedy-infomax.ts', 'CIFAR-10', true],
      ['03-loco.ts', 'drawn shapes', true],
      ['05-supcon.ts', 'Fashion-MNIST', hasFashion]
    ] as const)('%s on %s', { timeout: 400_000 }, ([recipe, data, atHand], context) => {
      if (!atHand) return context.skip(`${data} is not at hand`)
      const program = programOf(name)
      if (program === undefined) return context.skip(`${name} cannot be installed here; it needs the network`)
      const place = data === 'Fashion-MNIST' ? given! : folder
      const [here, there] = [
        twoSteps(fromNode(process.execPath), recipe, place, how),
        twoSteps(program, recipe, place, how)
      ]
      expect([here.data, here.size, here.losses.length]).toEqual([data, 64, 2])
      expect(there).toEqual(here)
    })
  }
)
