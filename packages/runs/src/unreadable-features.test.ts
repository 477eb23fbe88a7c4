import '@tensorflow/tfjs-backend-cpu'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { collectFeatures } from '@lapstrake/evaluation'
import { subset } from '@lapstrake/data'
import { openImageFolder } from '@lapstrake/data/node'

let folder: string
const file = (name: string, i: number): string => join(folder, 'images', name, `${String(i).padStart(3, '0')}.png`)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-features-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  for (const name of ['a', 'b']) {
    await mkdir(join(folder, 'images', name), { recursive: true })
    for (let i = 0; i < 100; i++) await writeFile(file(name, i), png(i))
  }
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** One pixel of so much red. */
function png(red: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data])
    const ends = [Buffer.alloc(4), Buffer.alloc(4)] as const
    ends[0].writeUInt32BE(data.length)
    ends[1].writeUInt32BE(crc32(body))
    return Buffer.concat([ends[0], body, ends[1]])
  }
  const header = Buffer.of(0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0)
  const pixels = deflateSync(Buffer.of(0, red, 0, 0))
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}

test('images that cannot be read have no features, and are told by their files', async () => {
  const images = await openImageFolder(join(folder, 'images'), { size: 1, keep: 0 })
  const collect = (dataset = images): ReturnType<typeof collectFeatures> =>
    collectFeatures(dataset, pixels => pixels.clone(), { pool: 'flatten', batchSize: 32 })
  expect((await collect()).unreadable).toEqual([])
  await rm(file('a', 4))
  await writeFile(file('b', 7), 'no image')
  const { values, labels, dim, unreadable } = await collect()
  expect(unreadable).toEqual([
    { place: 4, example: file('a', 4), reason: 'it is not there' },
    { place: 107, example: file('b', 7), reason: expect.stringMatching(/^it is damaged or cut short \(/) }
  ])
  const reds = Array.from({ length: 200 }, (_, i) => i % 100).filter((_, i) => i !== 4 && i !== 107)
  expect(Array.from(labels, (_, row) => Math.round(255 * values[row * dim]!))).toEqual(reds)
  expect(labels.filter(label => label === 1).length).toBe(99)
  const few = collect(subset(images, { count: 60 }))
  await expect(few).rejects.toThrow(
    `at most one in a hundred of 60 examples to be unreadable, got 1: ${file('a', 4)} (`
  )
})
