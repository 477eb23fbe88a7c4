import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, open, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { pick, subset, UnreadableExample, type Dataset } from '../index.ts'
import { openImageFolder, openWebDataset } from '../node.ts'

let folder: string
let png: Buffer
const pipe = (path: string): void => {
  execFileSync('mkfifo', [path])
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-unreadable-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  png = await sharp({ create: { width: 12, height: 12, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** A folder with the images 0.png to 9.png of one class. */
async function tenImages(name: string): Promise<string> {
  const path = join(folder, name)
  await mkdir(join(path, 'a'), { recursive: true })
  for (let i = 0; i < 10; i++) await writeFile(join(path, 'a', `${i}.png`), png)
  return path
}

const failing = async (dataset: Dataset, places: readonly number[]): Promise<UnreadableExample> =>
  dataset.read(places).then(
    () => expect.fail('expected an error'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(UnreadableExample)
      return error as UnreadableExample
    }
  )

describe('an image folder', () => {
  test('tells every example of a call that it cannot read, and why, and reads the others', async () => {
    const path = await tenImages('ten')
    const file = (i: number): string => join(path, 'a', `${i}.png`)
    const dataset = await openImageFolder(path, { size: 4 })
    await rm(file(1))
    await writeFile(file(2), png.subarray(0, 60))
    await writeFile(file(3), '')
    await rm(file(4))
    pipe(file(4))
    await rm(file(5))
    await mkdir(file(5))
    const server = createServer()
    await rm(file(6))
    await new Promise<void>(done => server.listen(file(6), done))
    await rm(file(7))
    await symlink(file(7), file(7))
    const error = await failing(dataset, [7, 0, 6, 5, 4, 4, 3, 2, 1, 9])
    server.close()
    const noFile = 'it is a pipe, a socket or a device'
    expect(error.unreadable).toEqual(
      [
        [7, 'its links lead in a circle'],
        [6, noFile],
        [5, 'it is a folder'],
        [4, noFile],
        [3, 'it is empty'],
        [2, expect.stringMatching(/^it is damaged or cut short \(.+\)$/)],
        [1, 'it is not there']
      ].map(([place, reason]) => ({ place, example: file(place as number), reason }))
    )
    expect(error.message).toBe(
      `imageFolder: expected ${file(7)} to be an image, but its links lead in a circle. ` +
        'Put a good copy in its place. Nor can 6 more of those asked for be read.'
    )
    expect(error).toMatchObject({ ...error.unreadable[0], name: 'UnreadableExample' })
    expect((await dataset.read([9, 0, 8]))[0]!.image[1]).toBe(255)
  })

  test('lists files and links to files and folders, and nothing that is called like an image and is none', async () => {
    const path = await tenImages('listed')
    await symlink('0.png', join(path, 'a', 'linked.png'))
    await symlink('nowhere.png', join(path, 'a', 'lost.png'))
    await symlink('/dev/null', join(path, 'a', 'device.png'))
    await mkdir(join(path, 'a', 'folder.png'))
    pipe(join(path, 'a', 'pipe.png'))
    pipe(join(path, 'pipe'))
    await symlink('a', join(path, 'b'))
    await symlink('b/0.png', join(path, 'c'))
    await symlink('lost', join(path, 'd'))
    const dataset = await openImageFolder(path, { size: 4 })
    expect([dataset.classes, dataset.size]).toEqual([['a', 'b'], 24])
    expect((await dataset.read([10, 22])).map(({ label }) => label)).toEqual([0, 1])
    const lost = join(path, 'a', 'lost.png')
    expect((await failing(dataset, [11])).message).toBe(
      `imageFolder: expected ${lost} to be an image, but it is not there. Put a good copy in its place.`
    )
  })
})

describe('shards', () => {
  const shardOfTen = async (name: string): Promise<string> => {
    const path = join(folder, `${name}.tar`)
    const names = Array.from({ length: 10 }, (_, i) => `${i}.png`)
    execFileSync('tar', ['-cf', path, '-C', join(await tenImages(name), 'a'), ...names])
    return path
  }

  test('tell examples by the byte where they begin: damaged, cut off since, a shard gone or a pipe', async () => {
    const path = await shardOfTen('shard')
    const dataset = await openWebDataset(path, { size: 4, keep: 0 })
    const file = await open(path, 'r+')
    await file.write(new Uint8Array(40), 0, 40, 512)
    await file.close()
    const each = 512 + Math.ceil(png.length / 512) * 512
    expect((await failing(dataset, [1, 0])).unreadable).toMatchObject([{ place: 0, example: `byte 512 of ${path}` }])
    await truncate(path, 9 * each + 512 + 20)
    expect((await failing(dataset, [9, 3])).unreadable).toEqual([
      { place: 9, example: `byte ${9 * each + 512} of ${path}`, reason: 'it is cut short' }
    ])
    await rm(path)
    const gone = await failing(dataset, [3, 2])
    expect(gone.unreadable.map(({ place }) => place)).toEqual([3, 2])
    expect(gone.reason).toBe('it is not there')
    pipe(path)
    expect((await failing(dataset, [3])).reason).toBe('it is a pipe, a socket or a device')
    await expect(openWebDataset(path, { size: 4 })).rejects.toThrow(
      `webDataset: expected a shard at ${path}, but it is a pipe, a socket or a device. Name tar archives.`
    )
    await expect(openWebDataset(folder, { size: 4 })).rejects.toThrow('but it is a folder. Name tar archives.')
  })
})

describe('a part of a data set', () => {
  test('tells examples by its own places, each of them that was asked for', async () => {
    const path = await tenImages('parts')
    const dataset = await openImageFolder(path, { size: 4 })
    await rm(join(path, 'a', '3.png'))
    await rm(join(path, 'a', '5.png'))
    const example = (i: number): string => join(path, 'a', `${i}.png`)
    const four = await failing(subset(dataset, { count: 4, from: 2 }), [0, 3, 1])
    expect(four.unreadable.map(({ place, example }) => [place, example])).toEqual([
      [3, example(5)],
      [1, example(3)]
    ])
    const picked = pick(subset(dataset, { count: 9, from: 1 }), Uint32Array.of(2, 0, 2, 2, 4))
    const error = await failing(picked, [1, 3, 4, 0])
    expect(error.unreadable.map(({ place }) => place)).toEqual([3, 0, 4])
    expect([error.place, error.who, error.cause]).toEqual([3, 'imageFolder', expect.any(Error)])
    expect((await picked.read([1]))[0]!.label).toBe(0)
  })

  test('and every data set refuses places that it has not', async () => {
    const dataset = await openImageFolder(await tenImages('places'), { size: 4 })
    for (const place of [-1, 10, 0.5, NaN]) {
      await expect(dataset.read([0, place])).rejects.toThrow(`expected places from 0 to 9, got ${place}.`)
    }
    await expect(subset(dataset, { count: 3 }).read([3])).rejects.toThrow('expected places from 0 to 2, got 3.')
    expect(() => pick(dataset, Uint32Array.of(0, 10))).toThrow('expected places from 0 to 9, got 10.')
  })
})

test('a good file that comes back is read again by the data set itself', async () => {
  const path = await tenImages('mended')
  const dataset = await openImageFolder(path, { size: 4 })
  await rm(join(path, 'a', '3.png'))
  await failing(dataset, [3])
  await copyFile(join(path, 'a', '4.png'), join(path, 'a', '3.png'))
  expect((await dataset.read([3]))[0]!.image[1]).toBe(255)
})
