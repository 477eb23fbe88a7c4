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
const runtimes: Readonly<Record<string, readonly [program: string, ...options: string[]]>> = {
  Node: [process.execPath, sources, '--import', 'tsx'],
  // As its package holds it for this machine: npm runs no script that would put it elsewhere.
  Bun: [join(packages, '@oven', readdirSync(join(packages, '@oven'))[0]!, 'bin/bun'), sources],
  Deno: [join(packages, '.bin/deno'), 'run', '--allow-all', sources]
}

interface Told {
  readonly data: string
  readonly size: number
  readonly losses: readonly Readonly<Record<string, number>>[]
}

/** Opens a recipe's own data and takes two steps. */
function twoSteps(runtime: string, recipe: string, data: string): Told {
  const [program, ...options] = runtimes[runtime]!
  const { status, stdout, stderr } = spawnSync(
    program,
    [...options, './docs/recipes/testing/two-steps.ts', join(import.meta.dirname, recipe)],
    { cwd: root, encoding: 'utf8', env: { ...process.env, LAPSTRAKE_DATA: data } }
  )
  expect(status, stderr).toBe(0)
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

describe.each(['Bun', 'Deno'])('the same file in Node and in %s, its data included, has the same losses:', runtime => {
  test.for([
    ['02-greedy-infomax.ts', 'CIFAR-10', true],
    ['05-supcon.ts', 'Fashion-MNIST', hasFashion]
  ] as const)('%s on %s', ([recipe, data, atHand], context) => {
    if (!atHand) return context.skip()
    const place = data === 'CIFAR-10' ? folder : given!
    const [here, there] = [twoSteps('Node', recipe, place), twoSteps(runtime, recipe, place)]
    expect([here.data, here.size, here.losses.length]).toEqual([data, 64, 2])
    expect([there.data, there.size, there.losses.length]).toEqual([data, 64, 2])
    here.losses.forEach((losses, step) =>
      Object.entries(losses).forEach(([unit, loss]) => expect(there.losses[step]![unit]).toBeCloseTo(loss, 4))
    )
  })
})
