import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openImageFolder, openWebDataset } from '../node.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-size-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const image = (colour: string, format: 'png' | 'jpeg' | 'webp' = 'png'): Promise<Buffer> =>
  sharp({ create: { width: 12, height: 12, channels: 3, background: colour } })
    .toFormat(format)
    .toBuffer()

async function shard(
  path: string,
  members: readonly (readonly [name: string, content: Buffer | string])[]
): Promise<string> {
  const archive = pack()
  for (const [name, content] of members) archive.entry({ name }, content as string)
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  await writeFile(path, Buffer.concat(chunks))
  return path
}

test('shards: examples by name, labels in .cls, .json or nowhere, in any order from several archives', async () => {
  await shard(join(folder, 'a-08.tar'), [
    ['0001.jpg', await image('#ff0000', 'jpeg')],
    ['0001.cls', '2'],
    ['0002.txt', 'no image'],
    ['deep/er/0003.png', await image('#00ff00')],
    ['deep/er/0003.json', '{"label":0}']
  ])
  await shard(join(folder, 'a-09.tar'), [
    ['x.cls', '1'],
    ['x.webp', await image('#0000ff', 'webp')],
    [`${'long'.repeat(40)}.png`, await image('#ffffff')]
  ])
  const progress: number[] = []
  const dataset = await openWebDataset(join(folder, 'a-{08..09}.tar'), {
    size: 8,
    onProgress: ({ done }) => progress.push(done)
  })
  expect([dataset.size, dataset.classes, [...dataset.labels!], progress]).toEqual([
    4,
    ['0', '1', '2'],
    [2, 0, 1, -1],
    [1, 2]
  ])
  const images = await dataset.read([3, 0, 2, 1])
  expect(images.map(({ label }) => label)).toEqual([-1, 2, 1, 0])
  expect(images.map(({ image }) => [...image.subarray(0, 3)].map(value => Math.round(value / 255)))).toEqual([
    [1, 1, 1],
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0]
  ])
})

test('a shard that cannot be used is named, with what to do', async () => {
  const good = await shard(join(folder, 'good.tar'), [
    ['a.png', await image('#ff0000')],
    ['a.cls', '0']
  ])
  await writeFile(join(folder, 'cut.tar'), (await readFile(good)).subarray(0, 700))
  await writeFile(
    join(folder, 'empty.tar'),
    await readFile(await shard(join(folder, 'text.tar'), [['a.txt', 'no image']]))
  )
  const broken = await shard(join(folder, 'broken.tar'), [['a.png', 'not an image']])
  await expect(openWebDataset(join(folder, 'nowhere.tar'), { size: 8 })).rejects.toThrow(
    'webDataset: expected a shard at'
  )
  await expect(openWebDataset(join(folder, 'cut.tar'), { size: 8 })).rejects.toThrow(
    'cut.tar to be a whole tar archive, but it ends at byte 700, behind a.png, without the mark of an end'
  )
  await expect(openWebDataset(join(folder, 'empty.tar'), { size: 8 })).rejects.toThrow(
    'webDataset: expected images (.jpg, .png, .webp, .gif, .tif, .avif)'
  )
  await writeFile(join(folder, 'packed.tar.gz'), gzipSync('packed'))
  await expect(openWebDataset(join(folder, 'packed.tar.gz'), { size: 8 })).rejects.toThrow(
    'to be a whole tar archive, but it is compressed. Unpack it: images gain nothing from it.'
  )
  await expect((await openWebDataset(broken, { size: 8 })).read([0])).rejects.toThrow(
    `webDataset: expected byte 512 of ${broken} to be an image, but it is damaged or cut short (`
  )
  await expect(openWebDataset(good, { size: 8, classes: [] })).rejects.toThrow('webDataset: expected 1 classes or more')
  const refused = async (name: string, words: string): Promise<void> =>
    expect(openWebDataset(join(folder, name), { size: 8 })).rejects.toThrow(words)
  await refused('a-{9..8}.tar', 'webDataset: expected a range from the lower number to the higher, got {9..8} in ')
  await refused('a-{0..1000000000}.tar', 'a range of at most 1000000 shards, got 1000000001 in ')
  await shard(join(folder, 'far.tar'), [
    ['a.png', await image('#ff0000')],
    ['a.cls', '4294967297']
  ])
  await refused('far.tar', 'webDataset: expected classes below 1000000, got 4294967297 for a in ')
  await symlink('b.png', join(folder, 'linked.png'))
  execFileSync('tar', ['-cf', join(folder, 'links.tar'), '-C', folder, 'linked.png'])
  await refused(
    'links.tar',
    "links.tar to be a whole tar archive, but it has a link for linked.png. Make it with tar's --dereference"
  )
})

test('more labels than a call has room for are listed all the same', async () => {
  const png = await image('#ff0000')
  const many = await shard(
    join(folder, 'many.tar'),
    Array.from({ length: 2000 }, (_, i) => [`${i}.png`, png] as const)
  )
  const dataset = await openWebDataset(Array<string>(100).fill(many), { size: 8 })
  expect([dataset.size, dataset.classes]).toEqual([200_000, []])
  expect((await dataset.read([199_999]))[0]!.label).toBe(-1)
})

test('pixels that were decoded stay in memory while there is room, and only then', async () => {
  const [files, archive] = [join(folder, 'kept', 'a'), join(folder, 'kept.tar')]
  await mkdir(files, { recursive: true })
  await writeFile(join(files, '0.png'), await image('#ff0000'))
  await writeFile(join(files, '1.png'), await image('#00ff00'))
  await shard(archive, [
    ['0.png', await image('#ff0000')],
    ['1.png', await image('#00ff00')]
  ])
  const all = [await openImageFolder(join(folder, 'kept'), { size: 8 }), await openWebDataset(archive, { size: 8 })]
  const [one, none] = [
    await openImageFolder(join(folder, 'kept'), { size: 8, keep: 2 * 192 - 1 }),
    await openImageFolder(join(folder, 'kept'), { size: 8, keep: 0 })
  ]
  await one.read([0])
  const read = await Promise.all([...all, one, none].map(dataset => dataset.read([0, 1])))
  await rm(files, { recursive: true })
  await rm(archive)
  for (const dataset of all)
    expect((await dataset.read([1, 0, 1])).map(({ image }) => image.length)).toEqual([192, 192, 192])
  expect(await all[0]!.read([0, 1])).toEqual(read[0])
  expect(await one.read([0])).toEqual([read[0]![0]])
  await expect(one.read([1])).rejects.toThrow('imageFolder: expected')
  await expect(none.read([0])).rejects.toThrow('imageFolder: expected')
})
