import { type RecordedRun } from '@lapstrake/runs/node'
import { expect, test, vi } from 'vitest'
import { mapsOfRuns } from './maps-of-runs.ts'

const runs = ['a', 'a', 'b'].map((name, i) => ({ path: `/nowhere/${i}`, manifest: { name } }) as RecordedRun)

test('says what it begins, and opens no run when time is over', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const { maps, notes } = await mapsOfRuns(runs, { images: 50, seconds: -1, backend: 'cpu' })
  expect(said.mock.calls[0]![0]).toContain('Mapping the stages of 2 runs by 50 test images; no map is begun after -1 s')
  said.mockRestore()
  expect(maps.size).toBe(0)
  const remedy = 'Ask for fewer images with --map, or allow more --seconds.'
  expect(notes).toEqual([0, 2].map(i => `/nowhere/${i}: no map of its stages within -1 s. ${remedy}`))
})

test('a run that cannot be opened has a note', async () => {
  const { notes } = await mapsOfRuns(runs.slice(0, 1), { images: 50, seconds: 60, backend: 'cpu' })
  expect(notes).toEqual([expect.stringContaining('/nowhere/0: no map of its stages. ')])
})
