import '@tensorflow/tfjs-backend-cpu'
import { dispose, seeded } from '@lapstrake/core'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { batchOf } from '../index.ts'
import { openImageFolder } from '../node.ts'

let folder: string
let png: Buffer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-folder-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  png = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** A folder with these files in it. */
async function withFiles(name: string, files: readonly string[]): Promise<string> {
  const root = join(folder, name)
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), png)
  }
  return root
}

test('files in folders of a class are of it, however deep, links as well; what is left out is told', async () => {
  const root = await withFiles('deep', [
    'cat/0.png',
    'cat/more/1.WEBP',
    'cat/more/still/2.gif',
    'cat/.ipynb_checkpoints/0-checkpoint.png',
    'cat/._0.png',
    'cat/notes.txt',
    'cat/old.bmp',
    'cat/older.BMP',
    'dog/a.tiff',
    'dog/b.avif',
    'dog/c.jfif',
    'empty/readme.md',
    '.cache/x/0.png',
    '__MACOSX/cat/0.png',
    'loose.png',
    'README'
  ])
  await withFiles('elsewhere', ['far.jpg', 'farther/away.jpeg'])
  await symlink(join(folder, 'elsewhere'), join(root, 'dog', 'linked'))
  await symlink(root, join(root, 'dog', 'round'))
  const dataset = await openImageFolder(root, { size: 4 })
  expect([dataset.classes, [...dataset.labels!]]).toEqual([
    ['cat', 'dog', 'empty'],
    [0, 0, 0, 1, 1, 1, 1, 1]
  ])
  // In the order in which a folder happens to list them.
  expect([...dataset.leftOut!].sort()).toEqual([
    '1 .md, such as empty/readme.md',
    '1 .txt, such as cat/notes.txt',
    '1 beside the folders of classes, such as loose.png',
    '1 classes without an image, such as empty',
    '1 that lead back to a folder they are in, such as dog/round',
    '1 without an ending, such as README',
    expect.stringMatching(/^2 \.bmp that cannot be decoded here \(save them as \.png\), such as cat\/old(er)?\./),
    expect.stringMatching(/^4 hidden, such as /)
  ])
  expect((await dataset.read([1, 6, 7])).map(({ image }) => image[1])).toEqual([255, 255, 255])
})

test('a file that comes deep in a class is seen, though the list is remembered', async () => {
  const root = await withFiles('remembered', ['a/b/c/0.png', 'a/1.png'])
  await new Promise(done => setTimeout(done, 2100))
  expect((await openImageFolder(root, { size: 4 })).size).toBe(2)
  expect((await openImageFolder(root, { size: 4 })).size).toBe(2)
  await writeFile(join(root, 'a/b/c/2.png'), png)
  expect((await openImageFolder(root, { size: 4 })).size).toBe(3)
  await rm(join(root, 'a/b'), { recursive: true })
  expect((await openImageFolder(root, { size: 4 })).size).toBe(1)
})

describe('classes', () => {
  test('are none where all images lie in one folder', async () => {
    const root = await withFiles('flat', ['0.png', '1.png', 'notes/readme.txt'])
    const dataset = await openImageFolder(root, { size: 4 })
    expect([dataset.size, dataset.classes, [...dataset.labels!]]).toEqual([2, [], [-1, -1]])
    expect(dataset.leftOut).toEqual(['1 .txt, such as notes/readme.txt'])
    const batch = await batchOf(dataset, [0, 1], { views: [{ onBatch: input => input }], random: seeded(0) })
    expect(batch.labels).toBeUndefined()
    dispose(batch)
  })

  test('are numbered as they are said, and others are refused', async () => {
    const root = await withFiles('tested', ['b/0.png', 'c/0.png'])
    const dataset = await openImageFolder(root, { size: 4, classes: ['a', 'b', 'c'] })
    expect([dataset.classes, [...dataset.labels!]]).toEqual([
      ['a', 'b', 'c'],
      [1, 2]
    ])
    await expect(openImageFolder(root, { size: 4, classes: ['a', 'b'] })).rejects.toThrow(
      `imageFolder: expected the folders in ${root} to be of the classes a, b, got c. Move it away, or have the same`
    )
  })
})

test('a folder without an image says what there is', async () => {
  const root = await withFiles('none', ['a/x.bmp', '.hidden.png'])
  await expect(openImageFolder(root, { size: 4 })).rejects.toThrow(
    `imageFolder: expected images in ${root}, as <class>/<image>.jpg or all in one folder, got none and 1 hidden, ` +
      'such as .hidden.png; 1 .bmp that cannot be decoded here (save them as .png), such as a/x.bmp. Name the folder'
  )
})
