import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { plan } from 'lapstrake'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataSets } from './study/data-sets.ts'
import { cells, comparisonNamed, comparisons, experimentOf, nameOf } from './study/design.ts'
import { writePages } from './study/pages.ts'
import { readResults } from './study/results.ts'
import type { CellResult } from './study/run-cell.ts'

const root = new URL('../../..', import.meta.url).pathname
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-study-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** By the names of the runs. */
const resultsIn = async (path: string): Promise<Record<string, CellResult>> =>
  Object.fromEntries((await readResults(path)).runs.map(run => [nameOf(run.cell), run]))

test('every seed of every comparison has its run of each window, by its own name, which can be planned', async () => {
  expect(new Set(cells.map(nameOf)).size).toBe(cells.length)
  const expected = comparisons.flatMap(({ name, windows, seeds }) =>
    windows.flatMap(window => seeds.map(seed => nameOf({ comparison: name, window, seed })))
  )
  expect(cells.map(nameOf).sort()).toEqual(expected.sort())
  for (const cell of cells.filter(({ seed }) => seed === 0)) {
    const { data, scale } = comparisonNamed(cell.comparison)
    const experiment = experimentOf(cell, scale)
    const { peakBytes } = await plan(experiment, {
      inputShape: dataSets[data].shape,
      batch: scale.batchSize,
      views: experiment.views.length
    })
    expect(peakBytes).toBeGreaterThan(1e6)
  }
})

test('the page and its figures are those of the committed results', async () => {
  const folderOfResults = join(root, 'docs/results/study')
  const committed = await readResults(folderOfResults)
  for (const { cell, scale } of committed.runs) expect(scale).toEqual(comparisonNamed(cell.comparison).scale)
  expect((await readdir(folderOfResults)).filter(file => file.includes('seed'))).toHaveLength(committed.runs.length)
  for (const made of await writePages(join(folder, 'docs'), committed)) {
    expect(await readFile(made, 'utf8')).toBe(
      await readFile(join(root, 'docs/study', made.slice(join(folder, 'docs').length)), 'utf8')
    )
  }
})

test('a small study is made, and made whole again without what is there', async () => {
  const [results, docs] = [join(folder, 'results'), join(folder, 'tiny')]
  const study = (): Promise<{ stderr: string }> =>
    promisify(execFile)(
      'npm',
      ['run', '--silent', 'study', '--', '--tiny', '--only', 'form-6-mlp', '--results', results, '--docs', docs],
      { cwd: root }
    )
  expect((await study()).stderr).toContain('0 of 5 runs are there; 5 to go')
  const made = await resultsIn(results)
  expect(Object.values(made).map(({ cell, losses }) => [cell.window, Object.keys(losses).length])).toEqual([
    [1, 6],
    [2, 5],
    [3, 4],
    [4, 3],
    ['all', 1]
  ])
  for (const { stages, curve, losses } of Object.values(made)) {
    expect(stages).toHaveLength(6)
    expect(Math.max(...stages.map(({ linear }) => linear))).toBeGreaterThan(0.2)
    expect(curve).toHaveLength(1)
    expect(Object.values(losses).every(loss => loss > 0 && loss < Math.log(64) + 1)).toBe(true)
  }
  const page = await readFile(join(docs, 'index.md'), 'utf8')
  expect(page).toMatch(/^\| six stages, MLP \| (\d+\.\d \(1\) \| ){4}\d+\.\d \(1\) \|$/m)
  expect(page).toMatch(/^\| drawn shapes, 6,400 images, convNet-6 \| \d+\.\d \| \d+\.\d\s±\s\d+\.\d \|/m)

  const lost = 'form-6-mlp_window-1_seed-0'
  await rm(join(results, `${lost}.json`))
  expect((await study()).stderr).toContain('4 of 5 runs are there; 1 to go')
  const again = await resultsIn(results)
  expect(Object.keys(again)).toEqual(Object.keys(made))
  expect({ ...again[lost], machine: '' }).toEqual({ ...made[lost], machine: '' })
}, 600_000)
