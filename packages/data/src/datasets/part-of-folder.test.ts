import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { imageFolder, LacksPart, type ImageDataset, type ImageFolderOptions, type Split } from '../index.ts'

let folder: string
let png: Buffer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-parts-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  png = await sharp({ create: { width: 5, height: 5, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** A folder with these images, and texts, in it. */
async function withFiles(name: string, images: readonly string[], texts: Record<string, string> = {}): Promise<string> {
  const root = join(folder, name)
  for (const file of [...images, ...Object.keys(texts)]) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), texts[file] ?? png)
  }
  return root
}

const numbered = (count: number, path = ''): string[] => Array.from({ length: count }, (_, i) => `${path}${i}.png`)

/** What is opened, and what is told. */
async function opened(
  root: string,
  split: Split = 'train',
  options: ImageFolderOptions = {}
): Promise<{ readonly dataset: ImageDataset; readonly names: string[]; readonly told: string[] }> {
  const told: string[] = []
  const dataset = await imageFolder(root, options).open(split, { onWarning: warning => told.push(warning) })
  const names = Array.from({ length: dataset.size }, (_, i) => relative(root, dataset.nameOf!(i))).sort()
  return { dataset, names, told }
}

describe('photographs in one folder', () => {
  test('have no labels, and a tenth is held out by their names, which is told', async () => {
    const root = await withFiles('flat', numbered(200))
    const [train, held] = [await opened(root), await opened(root, 'test')]
    expect([train.dataset.size, held.dataset.size, train.dataset.classes, train.dataset.shape]).toEqual([
      180,
      20,
      [],
      [32, 32, 3]
    ])
    expect([...train.names, ...held.names].sort()).toEqual(numbered(200).sort())
    expect(train.told).toEqual([
      `${root}: 200 images without labels. There is no ${root}/test, so 20 of them are held out to test with, ` +
        'chosen by their names, and 180 are learned from.'
    ])
    expect(held.told).toEqual([])
    const moved = await withFiles('moved/elsewhere', numbered(200))
    expect((await opened(moved, 'test')).names).toEqual(held.names)
  })

  test('may lie in folders within, where their folders are no classes', async () => {
    const root = await withFiles('nested', ['0.png', ...numbered(5, '2021/'), ...numbered(4, '2022/may/')])
    const { dataset, names } = await opened(root, 'train', { labels: false, holdOut: 0 })
    expect([dataset.size, dataset.classes, [...new Set(dataset.labels)]]).toEqual([10, [], [-1]])
    expect(names).toEqual(['0.png', ...numbered(5, '2021/'), ...numbered(4, '2022/may/')])
    // Otherwise those beside the folders are of no class.
    const byFolders = await opened(root)
    expect(byFolders.dataset.classes).toEqual(['2021', '2022'])
    expect(byFolders.told).toEqual([
      `${root}: 9 images in 2 classes. There is no ${root}/test, so 2 of them are held out to test with, chosen by ` +
        'their names, and 7 are learned from.',
      `${root}: left out 1 beside the folders of classes, such as 0.png.`
    ])
  })

  test('that is a single one is learned from, and there is nothing to test with', async () => {
    const root = await withFiles('single', numbered(1))
    expect((await opened(root)).dataset.size).toBe(1)
    await expect(opened(root, 'test')).rejects.toThrow(LacksPart)
  })

  test('more or none are held out where that is said', async () => {
    const root = await withFiles('said', numbered(10))
    expect((await opened(root, 'test', { holdOut: 0.5 })).dataset.size).toBe(5)
    expect((await opened(root, 'train', { holdOut: 0 })).dataset.size).toBe(10)
    await expect(opened(root, 'test', { holdOut: 0 })).rejects.toThrow(LacksPart)
    expect(() => imageFolder(root, { holdOut: 1 })).toThrow(
      'imageFolder: expected holdOut to be a part from 0 to below'
    )
  })
})

describe('folders of classes', () => {
  test('alone have some of each class held out', async () => {
    const root = await withFiles('classes', [...numbered(20, 'cat/'), ...numbered(5, 'dog/')])
    const [train, held] = [await opened(root), await opened(root, 'test')]
    expect([[...train.dataset.labels!].join(''), [...held.dataset.labels!].sort().join('')]).toEqual([
      `${'0'.repeat(18)}1111`,
      '001'
    ])
    expect(held.dataset.classes).toEqual(['cat', 'dog'])
  })

  test('in train, with nothing beside it, too', async () => {
    const root = await withFiles('alone', [...numbered(10, 'train/cat/'), ...numbered(10, 'train/dog/')])
    expect((await opened(root, 'test')).names).toEqual([
      expect.stringMatching(/^train\/cat/),
      expect.stringMatching(/^train\/dog/)
    ])
  })

  test('in train are all learned from where another folder may be what is tested with', async () => {
    const root = await withFiles('val', [...numbered(10, 'train/cat/'), ...numbered(2, 'val/cat/')])
    const { dataset, told } = await opened(root)
    expect([dataset.size, told]).toEqual([
      10,
      [`${root}: there is no ${root}/test to test with. Say what it is called if it is val.`]
    ])
    await expect(opened(root, 'test')).rejects.toThrow(
      `expected images to test with in ${root}/test, but there is no such folder. val beside it may be one. Make it, ` +
        `with a folder for each class as to train with, or say what it is called: imageFolder('${root}', ` +
        "{ test: 'val' })."
    )
    expect((await opened(root, 'test', { test: 'val' })).dataset.size).toBe(2)
    expect((await opened(root, 'test', { holdOut: 0.2 })).dataset.size).toBe(2)
  })
})

describe('labels in a table', () => {
  const table = 'file,label\n0.png,cat\n1.png,dog\nmore/0.png,cat\n'

  test('beside the images are theirs; a file without one has none, and that is told', async () => {
    const root = await withFiles('table', ['0.png', '1.png', '2.png', 'more/0.png'], { 'labels.csv': table })
    const { dataset, told } = await opened(root, 'train', { holdOut: 0 })
    expect([dataset.classes, [...dataset.labels!], dataset.leftOut]).toEqual([['cat', 'dog'], [0, 1, -1, 0], []])
    expect(told).toEqual([
      `${root}: labels are those of ${root}/labels.csv. It has none for 1 of 4 images, such as 2.png.`
    ])
    expect((await opened(root)).told[1]).toContain('4 images in 2 classes. There is no')
    expect((await opened(root, 'train', { labels: false, holdOut: 0 })).dataset.classes).toEqual([])
  })

  test('may be JSON, be called otherwise and lie elsewhere', async () => {
    const root = await withFiles('json', numbered(2), { 'kinds.json': '{ "0.png": "b", "1.png": "a" }' })
    const other = join(await withFiles('elsewhere', [], { 'kinds.csv': 'file,label\n1.png,a\n' }), 'kinds.csv')
    const labelsOf = async (labels: string): Promise<number[]> => [
      ...(await opened(root, 'train', { labels, holdOut: 0 })).dataset.labels!
    ]
    expect(await labelsOf('kinds.json')).toEqual([1, 0])
    expect(await labelsOf(other)).toEqual([-1, 0])
    await expect(labelsOf('none.csv')).rejects.toThrow(
      `imageFolder: expected a table of labels at ${root}/none.csv or ${join(process.cwd(), 'none.csv')}, but there is`
    )
  })

  test('of parts lie in each, or in the folder of both, and number the same classes', async () => {
    const inEach = await withFiles('each', ['train/0.png', 'train/1.png', 'test/0.png'], {
      'train/labels.csv': 'file,label\n0.png,a\n1.png,b\n',
      'test/labels.csv': 'file,label\n0.png,b\n'
    })
    const above = await withFiles('above', ['train/0.png', 'train/1.png', 'test/0.png'], {
      'labels.csv': 'file,label\ntrain/0.png,a\ntrain/1.png,b\ntest/0.png,b\n'
    })
    for (const root of [inEach, above]) {
      const { dataset } = await opened(root, 'test')
      expect([dataset.classes, [...dataset.labels!]]).toEqual([['a', 'b'], [1]])
    }
    await writeFile(join(above, 'labels.csv'), 'file,label\n0.png,a\n')
    await expect(opened(above)).rejects.toThrow(
      `imageFolder: expected labels in ${above}/labels.csv of files in test/, train/, got 0.png. Name files by their ` +
        `paths from ${above}, as in train/0.png.`
    )
  })

  test('of files that are not there are refused, with the first few', async () => {
    const rows = numbered(6, 'gone').join(',a\n')
    const root = await withFiles('gone', numbered(2), { 'labels.csv': `file,label\n${rows},a\n` })
    await expect(opened(root)).rejects.toThrow(
      `imageFolder: expected labels of images in ${root}, got 6 of files that are not there: gone0.png, gone1.png, ` +
        'gone2.png and 3 more. Name files by their paths from that folder, or leave them out.'
    )
  })

  test('two of them are refused, and so is what is none', async () => {
    const root = await withFiles('two', numbered(2), { 'labels.csv': table, 'labels.json': '{}' })
    await expect(opened(root)).rejects.toThrow(
      `imageFolder: expected one table of labels in ${root}, got labels.csv and labels.json. Say which: labels: 'labels`
    )
    expect(() => imageFolder(root, { labels: true as never })).toThrow("as in 'labels.csv', or false, got true.")
  })
})

test('a relative path leads from where it is said', async () => {
  const root = await withFiles('from/photos', numbered(3))
  const dataset = await imageFolder('photos').open('train', { from: dirname(root) })
  expect([dataset.name, dataset.size]).toEqual([root, 2])
  await expect(imageFolder('photos').open('train')).rejects.toThrow('expected a folder at photos/train, but it cannot')
})
