import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { plan } from 'lapstrake'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cells, dataSets, experimentOf, levelsOf, nameOf, scales } from './loco/design.ts'
import { writePages } from './loco/pages.ts'
import { readResults } from './loco/results.ts'
import type { CellResult } from './loco/run-cell.ts'

const root = new URL('../../..', import.meta.url).pathname
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-study-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** By the names of the runs. */
const resultsIn = async (path: string): Promise<Record<string, CellResult>> =>
  Object.fromEntries((await readResults(path)).runs.map(run => [nameOf(run.cell), run]))

test('every run has a name of its own, six stages or what its depth gives, and can be planned', async () => {
  expect(new Set(cells.map(nameOf)).size).toBe(cells.length)
  for (const cell of cells.filter(({ seed }) => seed === 0)) {
    const { size, channels } = dataSets[cell.data]
    expect(levelsOf(cell)).toHaveLength(cell.blocks / 2)
    expect(
      (await plan(experimentOf(cell, scales.full), { inputShape: [size, size, channels], batch: 64 })).peakBytes
    ).toBeGreaterThan(1e6)
  }
})

test('the page and its figures are those of the committed results', async () => {
  const folderOfResults = join(root, 'docs/results/loco')
  const committed = await readResults(folderOfResults)
  expect(committed.runs.filter(({ scale }) => JSON.stringify(scale) !== JSON.stringify(scales.full))).toEqual([])
  expect((await readdir(folderOfResults)).filter(file => file.includes('seed'))).toHaveLength(committed.runs.length)
  expect(Object.keys(committed.times)).not.toEqual([])
  for (const made of await writePages(join(folder, 'docs'), committed)) {
    expect(await readFile(made, 'utf8')).toBe(
      await readFile(join(root, 'docs/study', made.slice(join(folder, 'docs').length)), 'utf8')
    )
  }
})

test.skipIf(process.env.LAPSTRAKE_DATA === undefined)(
  'a small study is made, and made whole again without what is there (needs LAPSTRAKE_DATA)',
  async () => {
    const [results, docs] = [join(folder, 'results'), join(folder, 'tiny')]
    const study = (): Promise<{ stderr: string }> =>
      promisify(execFile)(
        'npm',
        [
          'run',
          '--silent',
          'study',
          '--',
          '--tiny',
          '--only',
          'fashion-mnist_growing-12_MLP-of-2',
          '--results',
          results,
          '--docs',
          docs
        ],
        { cwd: root }
      )
    expect((await study()).stderr).toContain('0 of 6 runs are there; 6 to go')
    const first = await resultsIn(results)
    const runs = Object.values(first)
    expect(runs).toHaveLength(6)
    for (const { stages, curve, losses, fewLabels } of runs) {
      expect(stages.map(({ blocks }) => blocks)).toEqual([2, 4, 6, 8, 10, 12])
      expect(Math.max(...stages.map(({ linear }) => linear))).toBeGreaterThan(0.3)
      expect(fewLabels['1 %']).toBeGreaterThan(0.1)
      expect(curve).toHaveLength(1)
      expect(Object.values(losses).every(loss => loss > 0 && loss < Math.log(64) + 1)).toBe(true)
    }
    expect(runs.map(({ cell, losses }) => [cell.method, Object.keys(losses).length])).toEqual(
      expect.arrayContaining([
        ['end-to-end', 1],
        ['greedy', 6],
        ['overlapping', 5],
        ['overlapping, a loss more', 6]
      ])
    )
    const page = await readFile(join(docs, 'index.md'), 'utf8')
    expect(page).toMatch(/results: fashion-mnist, MLP of 2 -->\n\n\|(.*\n)+?\| overlapping \| 1 \| \d+\.\d \|/)
    expect(page).toMatch(/^\| fashion-mnist \| \d+\.\d \| \d+\.\d\s±\s\d+\.\d \|/m)

    const lost = 'fashion-mnist_growing-12_MLP-of-2_greedy_seed-0'
    await rm(join(results, `${lost}.json`))
    expect((await study()).stderr).toContain('5 of 6 runs are there; 1 to go')
    const second = await resultsIn(results)
    const learned = ({ stages, fewLabels, losses }: CellResult): object => ({ stages, fewLabels, losses })
    expect(Object.keys(second)).toEqual(Object.keys(first))
    expect(learned(second[lost]!)).toEqual(learned(first[lost]!))
  },
  600_000
)
