import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { command, environment, lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-sweep-'))
  writeFileSync(join(folder, 'tiny.ts'), tinyRecipe())
})
afterAll(() => rm(folder, { recursive: true }))

const sweepFile = (name: string, fields: string, seeds = '[0, 1]'): string => {
  const path = join(folder, name)
  writeFileSync(
    path,
    `
import * as tf from '@tensorflow/tfjs-core'
import { endToEnd, greedy, ntXent, type Sweep } from 'lapstrake'
import recipe from './tiny.ts'
const sweep: Sweep = { recipe, seeds: ${seeds}, fields: ${fields} }
export const certificate = { negatives: 1 }
export default sweep
`
  )
  return path
}
const given = (path: string, out: string, ...more: string[]): string[] => [
  'sweep',
  path,
  '--out',
  out,
  '--backend',
  'wasm',
  '--threads',
  '1',
  '--jobs',
  '2',
  ...more
]
const manifest = (run: string): { finished: boolean; steps: number[]; started: string; name: string } =>
  JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8')) as {
    finished: boolean
    steps: number[]
    started: string
    name: string
  }

test('trains choices × seeds; a crash leaves the others and stands in the table; the finished are kept', () => {
  const path = sweepFile(
    'crash.ts',
    `{ loss: { good: () => ntXent(), bad: () => () => { throw new Error('Something is wrong.') } } }`
  )
  const out = join(folder, 'crash')
  const first = lapstrake(...given(path, out))
  expect(first.status, first.stderr).toBe(1)
  expect(first.stderr).toContain(`4 runs in ${out}, 2 at a time.`)
  for (const seed of [0, 1]) {
    expect(first.stdout).toMatch(new RegExp(`^tiny-good +${seed} +finished +in \\d+ s$`, 'm'))
    expect(first.stdout).toMatch(
      new RegExp(`^tiny-bad +${seed} +crashed +unit "unit0": Something is wrong\\. See .*tiny-bad-${seed}\\.log$`, 'm')
    )
  }
  expect(first.stdout).toMatch(
    /^recipe +tiny-good\n.*\nseeds +0 1\nsteps +12\n(?:.*\n)*loss, mean of units +\d\.\d{3} ± \d\.\d{3}$/m
  )
  const started = manifest(join(out, 'tiny-good-1')).started
  expect(manifest(join(out, 'tiny-good-1'))).toMatchObject({ finished: true, name: 'tiny-good', steps: [12, 12] })

  const again = JSON.parse(lapstrake(...given(path, out, '--json')).stdout) as { recipe: string; ended: string }[]
  expect(again.map(({ recipe, ended }) => `${recipe} ${ended}`)).toEqual([
    'tiny-good kept',
    'tiny-good kept',
    'tiny-bad crashed',
    'tiny-bad crashed'
  ])
  expect(manifest(join(out, 'tiny-good-1')).started).toBe(started)

  const recipe = readFileSync(join(out, 'recipes/tiny-good.mjs'), 'utf8')
  const other = lapstrake(...given(path, out, '--epochs', '1'))
  expect(other.stderr).toContain(
    `sweep: expected the recipe that ${join(out, 'tiny-good-0')} and 1 other runs began with, but it, ` +
      'the fields of the sweep or an option such as --epochs has changed since.'
  )
  expect(readFileSync(join(out, 'recipes/tiny-good.mjs'), 'utf8')).toBe(recipe)
  expect(lapstrake('evaluate', join(out, 'tiny-good-0'), '--backend', 'wasm', '--test', '64').stdout).toContain(
    'tiny-good, conv2'
  )
  expect(lapstrake('compare', out).stdout).toMatch(/linear readout/)
  // What the file of the sweep exports beside is asked of its runs.
  expect(lapstrake('certify', join(out, 'tiny-good-0'), '--backend', 'wasm').stderr).toContain(
    'certify: expected stochastic stages below'
  )
})

test('Ctrl-C lets every run save and ends them all; begun again, they go on to what they would have been', async () => {
  const path = sweepFile(
    'stopped.ts',
    '{ isolation: { greedy: greedy(), whole: endToEnd() }, epochs: { long: 40 } }',
    '[0]'
  )
  const [out, whole] = [join(folder, 'stopped'), join(folder, 'whole')]
  const [program, words] = command(...given(path, out))
  const child = spawn(program, words, { cwd: root, env: environment })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const runs = ['tiny-greedy-long-0', 'tiny-whole-long-0']
  const taken = (run: string): number =>
    existsSync(join(out, run, 'run.jsonl'))
      ? readFileSync(join(out, run, 'run.jsonl'), 'utf8').split('\n').length - 1
      : 0
  while (runs.some(run => taken(run) < 5)) await new Promise(resolve => setTimeout(resolve, 5))
  child.kill('SIGINT')
  expect(
    await new Promise(resolve => {
      child.on('close', resolve)
    })
  ).toBe(130)
  expect(said).toMatch(/^tiny-greedy-long +0 +interrupted +goes on when the sweep is begun again$/m)
  for (const run of runs) {
    expect(manifest(join(out, run)).finished).toBe(false)
    expect(readdirSync(join(out, run))).not.toContain('lock.json')
  }

  const more = lapstrake(...given(path, out))
  expect(more.stderr).toContain('tiny-whole-long, seed 0: goes on')
  expect(more.status, more.stderr).toBe(0)
  expect(
    lapstrake('train', join(out, 'recipes/tiny-whole-long.mjs'), '--backend', 'wasm', '--threads', '1', '--out', whole)
      .status
  ).toBe(0)
  expect(
    readFileSync(join(out, 'tiny-whole-long-0/weights.safetensors')).equals(
      readFileSync(join(whole, 'weights.safetensors'))
    )
  ).toBe(true)
})

test('a field that no experiment has is refused before the first run', () => {
  const out = join(folder, 'misspelt')
  const { status, stderr } = lapstrake(
    'sweep',
    sweepFile('misspelt.ts', '{ isolaton: { greedy: greedy() } }'),
    '--out',
    out
  )
  expect([status, existsSync(out)]).toEqual([1, false])
  expect(stderr).toContain('got isolaton. Correct its spelling')
})

test('a file that is no sweep is refused', () => {
  expect(lapstrake('sweep', join(folder, 'tiny.ts')).stderr).toBe(
    `sweep: expected ${join(folder, 'tiny.ts')} to export { recipe, seeds, fields } by default, but it lacks recipe, ` +
      'seeds.\n'
  )
})
