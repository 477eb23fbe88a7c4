import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  cifar10,
  dataOf,
  drawShapes,
  imageFolder,
  isData,
  mnist,
  shapes,
  webDataset,
  type Data,
  type Dataset,
  type OpenProgress,
  type Split
} from '../index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-values-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const image = (colour: string): Promise<Buffer> =>
  sharp({ create: { width: 12, height: 12, channels: 3, background: colour } })
    .png()
    .toBuffer()

async function shard(path: string, images: number): Promise<string> {
  const archive = pack()
  for (let i = 0; i < images; i++) {
    archive.entry({ name: `${i}.png` }, await image('#ff0000'))
    archive.entry({ name: `${i}.cls` }, '0')
  }
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  await writeFile(path, Buffer.concat(chunks))
  return path
}

const all = ({ size }: Dataset): number[] => Array.from({ length: size }, (_, i) => i)

describe('data are a value:', () => {
  test('making one opens nothing, and it says its name', () => {
    const values: readonly Data[] = [
      cifar10({ limit: 10 }),
      mnist(),
      shapes(),
      imageFolder('nowhere', { size: 8 }),
      webDataset('nowhere', { size: 8 })
    ]
    expect(values.map(({ name }) => name)).toEqual(['cifar10', 'mnist', 'shapes', 'nowhere', 'nowhere'])
    expect(values.every(isData)).toBe(true)
    expect(['cifar10', cifar10, undefined, null, drawShapes({ count: 8 })].some(isData)).toBe(false)
  })

  test.each([cifar10(), shapes(), imageFolder('nowhere', { size: 8 }), dataOf({ name: 'mine', train: drawShapes() })])(
    'a part is train or test',
    async data => {
      await expect(data.open('valid' as Split)).rejects.toThrow(RangeError)
      await expect(data.open('valid' as Split)).rejects.toThrow(
        `${data.name}: expected the part 'train' or 'test', got "valid". Other parts are data of their own`
      )
    }
  )

  test('a limit is of the training examples, the first of them, and of a part that is opened with one', async () => {
    const whole = drawShapes({ count: 20, size: 4 })
    const data = dataOf({ name: 'mine', train: whole, test: () => whole, limit: 6 })
    expect((await data.open('train')).size).toBe(6)
    expect(await (await data.open('train')).read([5])).toEqual(await whole.read([5]))
    expect((await data.open('test')).size).toBe(20)
    expect((await data.open('train', { limit: 12 })).size).toBe(12)
    expect((await data.open('test', { limit: 3 })).size).toBe(3)
    expect((await data.open('train', { limit: 1e6 })).size).toBe(20)
    await expect(data.open('train', { limit: 0 })).rejects.toThrow(RangeError)
    expect(() => dataOf({ name: 'mine', train: whole, limit: 1.5 })).toThrow(
      'mine: expected limit to be a whole number'
    )
  })

  test('of your own may be none to test with', async () => {
    await expect(dataOf({ name: 'mine', train: drawShapes({ count: 8 }) }).open('test')).rejects.toThrow(
      'mine: expected examples to test with, but these data have none.'
    )
  })
})

test('shapes are the same however many are drawn, and other ones to test with', async () => {
  const [few, many] = [await shapes({ limit: 12, size: 6 }).open('train'), await shapes({ size: 6 }).open('train')]
  expect([few.size, many.size, many.shape]).toEqual([12, 4000, [6, 6, 3]])
  expect(await few.read(all(few))).toEqual(await many.read(all(few)))
  expect(await few.read(all(few))).toEqual(await drawShapes({ count: 12, seed: 1, size: 6 }).read(all(few)))
  const tests = await shapes({ tests: 5, size: 6 }).open('test')
  expect(tests.size).toBe(5)
  expect(await tests.read([0])).not.toEqual(await few.read([0]))
})

test('a folder of images has parts, called as it is said', async () => {
  for (const [part, classes] of Object.entries({ train: ['a', 'b'], held: ['a'] })) {
    for (const name of classes) {
      await mkdir(join(folder, 'photos', part, name), { recursive: true })
      await writeFile(join(folder, 'photos', part, name, '0.png'), await image('#00ff00'))
      await writeFile(join(folder, 'photos', part, name, '1.png'), await image('#0000ff'))
    }
  }
  const photos = imageFolder(join(folder, 'photos'), { size: 8, test: 'held', limit: 3 })
  const [training, testing] = [await photos.open('train'), await photos.open('test')]
  expect([training.size, training.classes, training.shape]).toEqual([3, ['a', 'b'], [8, 8, 3]])
  expect([testing.size, testing.classes]).toEqual([2, ['a']])
  await expect(imageFolder(join(folder, 'photos'), { size: 8 }).open('test')).rejects.toThrow(
    'imageFolder: expected a folder at'
  )
})

test('tar archives lie in a folder for each part, or are listed', async () => {
  await mkdir(join(folder, 'tars', 'train'), { recursive: true })
  await mkdir(join(folder, 'tars', 'test'))
  const shards = await Promise.all([0, 1].map(i => shard(join(folder, 'tars', 'train', `${i}.tar`), 2)))
  const told: OpenProgress[] = []
  const data = webDataset(join(folder, 'tars'), { size: 8, classes: ['red'] })
  const training = await data.open('train', { onProgress: progress => told.push(progress) })
  expect([training.size, training.classes]).toEqual([4, ['red']])
  expect(told.at(-1)).toEqual({ what: 'shards', done: 2, total: 2, unit: 'files' })
  await expect(data.open('test')).rejects.toThrow(`webDataset: expected tar archives in ${folder}`)
  const listed = webDataset({ train: shards, test: shards[0]! }, { size: 8 })
  expect([(await listed.open('train')).size, (await listed.open('test')).size]).toEqual([4, 2])
})
