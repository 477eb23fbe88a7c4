import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pick, UnreadableExample } from '../index.ts'
import { openImageFiles, openImageFolder } from '../node.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-files-'))
  for (const [name, background] of [
    ['a/red.png', '#ff0000'],
    ['b/blue.png', '#0000ff']
  ] as const) {
    await mkdir(join(folder, name, '..'))
    await sharp({ create: { width: 6, height: 4, channels: 3, background } })
      .png()
      .toFile(join(folder, name))
  }
  await writeFile(join(folder, 'broken.png'), 'no picture')
})
afterAll(() => rm(folder, { recursive: true }))

test('files are read in the order in which they are named, without classes', async () => {
  const files = ['b/blue.png', 'a/red.png'].map(name => join(folder, name))
  const { read, shape, size, labels, classes, nameOf } = openImageFiles(files, { size: 2 })
  expect([shape, size, [...labels!], classes]).toEqual([[2, 2, 3], 2, [-1, -1], []])
  expect([0, 1].map(i => nameOf!(i))).toEqual(files)
  const [blue, red] = await read([0, 1])
  expect([[...blue!.image.slice(0, 3)], [...red!.image.slice(0, 3)]]).toEqual([
    [0, 0, 255],
    [255, 0, 0]
  ])
})

test('one that cannot be read is told by its name', async () => {
  const files = [join(folder, 'a/red.png'), join(folder, 'broken.png'), join(folder, 'gone.png')]
  const reading = openImageFiles(files, { size: 2 }).read([0, 1, 2])
  await expect(reading).rejects.toThrow(UnreadableExample)
  await expect(reading).rejects.toMatchObject({ unreadable: [{ example: files[1] }, { example: files[2] }] })
})

test('the examples of a folder have the paths of their files as names, those that were picked as well', async () => {
  const whole = await openImageFolder(folder, { size: 2 })
  expect(pick(whole, Uint32Array.of(1, 0)).nameOf!(0)).toBe(join(folder, 'b/blue.png'))
})

test('no file, no path and no size are refused', () => {
  expect(() => openImageFiles([], { size: 2 })).toThrow('openImageFiles: expected one file or more, got none.')
  expect(() => openImageFiles([3 as never], { size: 2 })).toThrow(TypeError)
  expect(() => openImageFiles(['a.png'], { size: 0 })).toThrow(RangeError)
})
