import { seeded } from '@lapstrake/core'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCifar10, openMnist, openPartOfFolder, openWebDataset, shardsIn } from '../openers.browser.ts'
import type { OpenProgress } from '../sources/data.ts'
import { fetchFile } from './fetch-file.ts'
import { bytesToFetch, servedSets, type ServedSet } from './open-served.ts'

const content = Uint8Array.from(seeded(0).bits(5000))
const packed = gzipSync(content)
/** Labels, then pixels, of examples numbered from `first`: each pixel is the number of its example. */
const part = (first: number, count: number): Uint8Array =>
  gzipSync(
    Uint8Array.from({ length: count * 5 }, (_, i) =>
      i < count ? (first + i) % 3 : first + Math.floor((i - count) / 4)
    )
  )
const files: Readonly<Record<string, Uint8Array>> = {
  'mnist/train-0.gzip': part(0, 4),
  'mnist/train-1.gzip': part(4, 4),
  'mnist/train-2.gzip': part(8, 2),
  'mnist/test-0.gzip': part(0, 3)
}
const served: ServedSet = {
  name: 'MNIST',
  licence: 'none',
  source: 'here',
  classes: ['a', 'b', 'c'],
  shape: [2, 2, 1],
  perFile: 4,
  train: { examples: 10, of: 60, bytes: [0, 1, 2].map(i => files[`mnist/train-${i}.gzip`]!.length) },
  test: { examples: 4, of: 4, bytes: [files['mnist/test-0.gzip']!.length] }
}

let server: Server
const asked: string[] = []
beforeAll(async () => {
  server = createServer(({ url }, response) => {
    asked.push(url!)
    const file = files[url!.replace('/data/', '')]
    if (url === '/data/index.json') response.end(JSON.stringify({ mnist: served }))
    else if (file !== undefined) response.end(file)
    else if (url === '/plain') response.end(content)
    else if (url === '/cut') response.end(packed.subarray(0, 500))
    else if (url === '/broken') {
      response.writeHead(200, { 'content-length': packed.length })
      response.write(packed.subarray(0, 500), () => setTimeout(() => response.destroy(), 50))
    } else if (url === '/whole') response.end(packed)
    else if (url === '/stalled/index.json') response.end(JSON.stringify({ mnist: served }))
    else if (url === '/stalled/mnist/train-0.gzip') response.write(packed.subarray(0, 100))
    else response.writeHead(404).end()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
})
afterAll(() => {
  server.close()
})
const at = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`

describe('a file of a site', () => {
  const get = (path: string, onProgress: (received: number) => void = () => {}): Promise<Uint8Array> =>
    fetchFile(at(path), { keep: true, onProgress })

  test('comes unpacked, with progress in packed bytes', async () => {
    const seen: number[] = []
    expect(await get('/whole', received => seen.push(received))).toEqual(content)
    expect(seen.at(-1)).toBe(packed.length)
  })

  test('is taken as it is where the host unpacked it', async () => {
    expect(await get('/plain')).toEqual(content)
  })

  test('cut off, broken off or missing is told as what it is', async () => {
    await expect(get('/cut')).rejects.toThrow(
      /^data: expected .*\/cut to be whole, got 500 bytes that do not unpack: .* Fetch it again\.$/
    )
    await expect(get('/broken')).rejects.toThrow('broke off after 500 bytes')
    await expect(get('/missing')).rejects.toThrow('got 404')
  })
})

describe('a data set of a site', () => {
  test('comes in as many files as hold the examples asked for', async () => {
    asked.length = 0
    const [told, warnings]: [OpenProgress[], string[]] = [[], []]
    const dataset = await openMnist('train', {
      address: at('/data/'),
      limit: 5,
      onProgress: progress => told.push(progress),
      onWarning: warning => warnings.push(warning)
    })
    expect(asked).toEqual(['/data/index.json', '/data/mnist/train-0.gzip', '/data/mnist/train-1.gzip'])
    expect([dataset.name, dataset.size, dataset.shape, [...dataset.labels!]]).toEqual([
      'MNIST',
      5,
      [2, 2, 1],
      [0, 1, 2, 0, 1]
    ])
    expect(await dataset.read([4, 1])).toEqual([
      { image: Uint8Array.of(4, 4, 4, 4), label: 1 },
      { image: Uint8Array.of(1, 1, 1, 1), label: 1 }
    ])
    const total = bytesToFetch(served, 'train', 5)
    expect(told.at(-1)).toEqual({ what: 'MNIST', done: total, total, unit: 'bytes' })
    expect(warnings).toEqual([])
  })

  test('is not fetched further once its signal is aborted, and ends with the reason', async () => {
    asked.length = 0
    const [end, reason] = [new AbortController(), new Error('enough')]
    const opening = openMnist('train', {
      address: at('/stalled/'),
      signal: end.signal,
      onProgress: () => end.abort(reason)
    })
    await expect(opening).rejects.toBe(reason)
    expect(asked).toEqual(['/stalled/index.json', '/stalled/mnist/train-0.gzip'])
  })

  test('that is less than all of it says so', async () => {
    const warnings: string[] = []
    const dataset = await openMnist('train', { address: at('/data/'), onWarning: warning => warnings.push(warning) })
    expect(dataset.size).toBe(10)
    expect(warnings).toEqual(['This site serves the first 10 of 60 examples of MNIST: the run uses those.'])
  })

  test('that is not there, or not as its index says, is told by its name', async () => {
    await expect(openCifar10('train', { address: at('/data/') })).rejects.toThrow(
      /^cifar10: expected it among what .*\/data\/index\.json names, and it is not there\. Choose other data/
    )
    await expect(openMnist('test', { address: at('/data/') })).rejects.toThrow(
      /^mnist: expected .*test-0\.gzip to hold 4 examples, 20 bytes, got 15\. Build the site again\.$/
    )
    expect(await servedSets(at('/nowhere/'))).toEqual({})
  })

  test.each([
    ['imageFolder', () => openPartOfFolder('photos', 'train', { size: 8 })],
    ['webDataset', () => openWebDataset(['a.tar', 'b.tar'], { size: 8 })],
    ['webDataset', () => shardsIn('tars')]
  ])('is none from a disk: %s', async (who, open) => {
    await expect(open()).rejects.toThrow(new RegExp(`^${who}: expected a disk to read .* from, but a page has none\\.`))
  })
})
