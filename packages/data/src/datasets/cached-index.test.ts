import { sealJson } from '@lapstrake/files'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openImageFolder } from '../node.ts'

let folder: string
let png: Buffer
const images = (): string => join(folder, 'images')
const indices = (): string => join(folder, 'cache/lapstrake/indices')
const size = async (): Promise<number> => (await openImageFolder(images(), { size: 8 })).size
const indexFile = async (): Promise<string> => join(indices(), (await readdir(indices()))[0]!)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-index-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  png = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } })
    .png()
    .toBuffer()
  for (const path of ['red/0.png', 'red/1.png', 'red/2.png', 'blue/ä\nb.png']) {
    await mkdir(join(images(), path, '..'), { recursive: true })
    await writeFile(join(images(), path), png)
  }
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

test('folders that changed a moment ago are not remembered: a further change might have the same time', async () => {
  expect(await size()).toBe(4)
  await expect(readdir(indices())).rejects.toThrow('ENOENT')
  await pause(2100)
  expect(await size()).toBe(4)
  expect(await readdir(indices())).toHaveLength(1)
})

test('what is remembered is used while the folders stay as they are', async () => {
  const file = await indexFile()
  const whole = await readFile(file, 'utf8')
  const { crc32c: _, ...kept } = JSON.parse(whole) as { crc32c: string; index: { classes: { files: string }[] } }
  const classes = kept.index.classes.map(one => ({ ...one, files: one.files.replace('2.png//', '') }))
  await writeFile(file, sealJson({ ...kept, index: { ...kept.index, classes } }))
  expect(await size()).toBe(3)
  await writeFile(file, whole)
  expect(await size()).toBe(4)
})

test('a change is seen, also where the time of the folder is set back', async () => {
  const before = new Date(Date.now() - 60_000)
  await writeFile(join(images(), 'red', 'new.png'), png)
  await utimes(join(images(), 'red'), before, before)
  expect(await size()).toBe(5)
  await rename(join(images(), 'blue', 'ä\nb.png'), join(images(), 'red', 'ä\nb.png'))
  for (const name of ['red', 'blue']) await utimes(join(images(), name), before, before)
  expect([...(await openImageFolder(images(), { size: 8 })).labels!]).toEqual([1, 1, 1, 1, 1])
  await pause(2100)
  expect(await size()).toBe(5)
})

test('a damaged index is made anew and never believed: bits flipped, cut short, without checksum, a pipe', async () => {
  const file = await indexFile()
  const whole = await readFile(file)
  for (let bit = 0; bit < 8 * whole.length; bit += 7) {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    await writeFile(file, flipped)
    const dataset = await openImageFolder(images(), { size: 8 })
    expect([dataset.classes, [...dataset.labels!]]).toEqual([
      ['blue', 'red'],
      [1, 1, 1, 1, 1]
    ])
  }
  const unsealed = JSON.stringify({ ...(JSON.parse(whole.toString()) as object), crc32c: undefined })
  for (const other of ['', '{"format":1,', unsealed]) {
    await writeFile(file, other)
    expect(await size()).toBe(5)
  }
  await rm(file)
  execFileSync('mkfifo', [file])
  expect(await size()).toBe(5)
  expect(await readFile(file)).toEqual(whole)
}, 300_000)

test('a cache that cannot be written is done without', async () => {
  vi.stubEnv('XDG_CACHE_HOME', '/proc/lapstrake')
  expect(await size()).toBe(5)
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
})
