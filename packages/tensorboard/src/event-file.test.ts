import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { eventFile, readScalars, scalar } from './index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-events-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('scalars come back as they were written, in their order, though calls overlap', async () => {
  const events = await eventFile(join(folder, 'new/folder'))
  await Promise.all(
    [0, 1, 2].map(step => events.write(step, [scalar('loss/unit0', 1 / (step + 1)), scalar('time', 10 * step)]))
  )
  expect(readScalars(await readFile(events.path))).toEqual(
    [0, 1, 2].flatMap(step => [
      { step, tag: 'loss/unit0', value: Math.fround(1 / (step + 1)) },
      { step, tag: 'time', value: 10 * step }
    ])
  )
})

test('a file comes behind those that are there, whatever the clock says', async () => {
  const place = join(folder, 'clock')
  const names: string[] = []
  for (const time of ['2030-01-01T12:00:00Z', '2030-01-01T11:00:00Z', '1969-01-01T00:00:00Z']) {
    vi.setSystemTime(time)
    names.push(basename((await eventFile(place)).path))
  }
  vi.useRealTimers()
  await writeFile(join(place, 'events.out.tfevents.99999999999999999999.of.another'), '')
  names.push(basename((await eventFile(place, { after: 3 })).path))
  expect([...names].sort()).toEqual(names)
  expect(names.every(name => /^events\.out\.tfevents\.\d{10}\./.test(name))).toBe(true)
})

test('a step that is no whole number is refused, and the file is as it was', async () => {
  const events = await eventFile(folder)
  const before = await readFile(events.path)
  for (const step of [1.5, NaN, 2 ** 53]) {
    await expect(events.write(step, [scalar('loss', 1)])).rejects.toThrow(
      `eventFile: expected a step that is a whole number, got ${step}.`
    )
  }
  await expect(eventFile(join(folder, 'never'), { after: 0.5 })).rejects.toThrow(
    'eventFile: expected a step that is a whole number, got 1.5.'
  )
  expect(await readFile(events.path)).toEqual(before)
  expect(await readdir(folder)).not.toContain('never')
})

test('where no file can be is said', async () => {
  await writeFile(join(folder, 'plain'), '')
  await expect(eventFile(join(folder, 'plain'))).rejects.toThrow(
    `eventFile: expected to begin a file of events in ${join(folder, 'plain')}, but could not (EEXIST).`
  )
  const events = await eventFile(join(folder, 'gone'))
  await rm(join(folder, 'gone'), { recursive: true })
  await expect(events.write(1, [scalar('loss', 1)])).rejects.toThrow(
    `eventFile: expected to add to ${events.path}, but could not (ENOENT). Check the folder.`
  )
})

const small = '/tmp/lapstrake-small-board'
const mounted =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('sh', ['-c', `mkdir -p ${small} && mount -t tmpfs -o size=16k tmpfs ${small}`]).status === 0
afterAll(() => {
  if (mounted) spawnSync('umount', [small])
})
test.skipIf(!mounted)('a full disk loses only what did not fit (needs root to mount a small disk)', async () => {
  const events = await eventFile(small)
  const kept: number[] = []
  const write = async (step: number, length: number): Promise<void> => {
    await events.write(step, [scalar('x'.repeat(length), step)])
    kept.push(step)
  }
  await write(1, 3000)
  await writeFile(join(small, 'filler'), new Uint8Array(8192))
  await expect(write(2, 6000)).rejects.toThrow(
    `eventFile: expected to add to ${events.path}, but could not (ENOSPC). The disk is full: make room`
  )
  await rm(join(small, 'filler'))
  await write(3, 6000)
  expect(readScalars(await readFile(events.path)).map(({ step }) => step)).toEqual(kept)
  expect(kept).toEqual([1, 3])
})
