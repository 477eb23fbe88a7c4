import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { cifar10, cifar100, fashionMnist, mnist } from '../index.ts'
import { download, openImageFolder } from '../node.ts'
import { fromRecords } from './cifar.ts'
import type { ImageExample } from './images.ts'
import { readIdx } from './idx.ts'

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a download from a real server', () => {
  const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251))
  let server: Server
  let breakAfter = Infinity
  let stallAfter = Infinity
  const ranges: (string | undefined)[] = []
  beforeAll(async () => {
    server = createServer((request, response) => {
      ranges.push(request.headers.range)
      if (request.url === '/missing') return response.writeHead(404).end()
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      const rest = content.subarray(from)
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length })
      if (stallAfter < rest.length) return response.write(rest.subarray(0, stallAfter))
      if (breakAfter >= rest.length) return response.end(rest)
      return response.write(rest.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 50))
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  })
  afterAll(() => {
    server.close()
  })
  const url = (path = '/file'): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`

  test('arrives whole, with progress', async () => {
    const path = join(folder, 'whole')
    const seen: number[] = []
    await download({
      url: url(),
      md5: md5(content),
      path,
      onProgress: ({ done, total }) => seen.push(done / total!)
    })
    expect(await readFile(path)).toEqual(content)
    expect(seen.at(-1)).toBe(1)
  })

  test('goes on where it broke off', async () => {
    const path = join(folder, 'resumed')
    breakAfter = 40_000
    await expect(download({ url: url(), md5: md5(content), path })).rejects.toThrow(
      'broke off. Run the same command again'
    )
    expect(existsSync(path)).toBe(false)
    breakAfter = Infinity
    await download({ url: url(), md5: md5(content), path })
    expect(ranges.at(-1)).toBe('bytes=40000-')
    expect(await readFile(path)).toEqual(content)
  })

  test('ends in the middle with the reason of its signal, leaves no file, and goes on the next time', async () => {
    const path = join(folder, 'aborted')
    stallAfter = 30_000
    const [end, reason] = [new AbortController(), new Error('enough')]
    const downloading = download({
      url: url(),
      md5: md5(content),
      path,
      signal: end.signal,
      onProgress: ({ done }) => {
        if (done === 30_000) end.abort(reason)
      }
    })
    await expect(downloading).rejects.toBe(reason)
    await expect(download({ url: url(), md5: '', path, signal: end.signal })).rejects.toBe(reason)
    expect(existsSync(path)).toBe(false)
    stallAfter = Infinity
    await download({ url: url(), md5: md5(content), path })
    expect(ranges.at(-1)).toBe('bytes=30000-')
    expect(await readFile(path)).toEqual(content)
  })

  test('does not begin for the controller of a signal', async () => {
    const signal = new AbortController() as unknown as AbortSignal
    await expect(download({ url: url(), md5: '', path: join(folder, 'no'), signal })).rejects.toThrow(
      'download: expected signal to be an AbortSignal, got its controller. Give controller.signal.'
    )
  })

  test('with the wrong checksum leaves nothing', async () => {
    const path = join(folder, 'wrong')
    await expect(download({ url: url(), md5: 'abc', path })).rejects.toThrow(
      `to have the MD5 abc, got ${md5(content)}. The file was removed`
    )
    expect(existsSync(path) || existsSync(`${path}.part`)).toBe(false)
  })

  test('of what is not there says so', async () => {
    await expect(download({ url: url('/missing'), md5: '', path: join(folder, 'no') })).rejects.toThrow('got 404')
    await expect(download({ url: 'http://127.0.0.1:1/file', md5: '', path: join(folder, 'no') })).rejects.toThrow(
      'expected to reach http://127.0.0.1:1/file, but could not'
    )
  })
})

describe('files that are damaged', () => {
  test('an IDX file cut short, or of another kind', () => {
    const good = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])
    expect(readIdx(good, 1, 'labels')).toEqual({ shape: [3], data: Uint8Array.from([7, 8, 9]) })
    expect(() => readIdx(good.subarray(0, 10), 1, 'labels')).toThrow(
      'labels: expected 11 bytes for the shape 3, got 10. The file is cut short.'
    )
    expect(() => readIdx(good, 3, 'images')).toThrow(
      'images: expected an IDX file of bytes with 3 axes, got one that begins with 0 0 8 1.'
    )
  })

  test('CIFAR records cut short, or with an impossible label', () => {
    const record = new Uint8Array(3073)
    record[1] = 59
    expect(fromRecords('CIFAR', ['a'], [{ name: 'x', bytes: record }], 1).size).toBe(1)
    expect(() => fromRecords('CIFAR', ['a'], [{ name: 'x.bin', bytes: record.subarray(1) }], 1)).toThrow(
      'expected x.bin to hold whole records of 3073 bytes, got 3072'
    )
    expect(() =>
      fromRecords('CIFAR', ['a'], [{ name: 'x', bytes: Uint8Array.from(record, (v, i) => (i === 0 ? 9 : v)) }], 1)
    ).toThrow('expected labels below 1, got 9')
  })

  test("a data file with the wrong checksum is named, and not replaced behind one's back", async () => {
    vi.stubEnv('LAPSTRAKE_DATA', folder)
    const path = join(folder, 'fashion-mnist', 't10k-images-idx3-ubyte.gz')
    await mkdir(join(folder, 'fashion-mnist'))
    await writeFile(path, gzipSync('nonsense'))
    await expect(fashionMnist().open('test')).rejects.toThrow(
      `Fashion-MNIST: expected ${path} to have the MD5 bef4ecab320f06d8554ea6380940ec79`
    )
    vi.unstubAllEnvs()
  })
})

describe('what is no file', () => {
  const noFile = 'expected a file, got a pipe, a socket or a device. Move it away.'
  test('is refused by its name where a file of data is looked for, and not waited for', async () => {
    vi.stubEnv('LAPSTRAKE_DATA', join(folder, 'pipes'))
    const path = (name: string): string => join(folder, 'pipes', name)
    const [ten, hundred] = ['cifar10/cifar-10-binary.tar.gz', 'cifar100/cifar-100-binary.tar.gz'] as const
    const digits = 'mnist/t10k-images-idx3-ubyte.gz'
    for (const name of [ten, hundred, digits]) {
      await mkdir(dirname(path(name)), { recursive: true })
      execFileSync('mkfifo', [path(name)])
    }
    await expect(cifar10().open('test')).rejects.toThrow(`${path(ten)}: ${noFile}`)
    await expect(cifar100().open('test')).rejects.toThrow(`${path(hundred)}: ${noFile}`)
    await expect(mnist().open('test')).rejects.toThrow(`${path(digits)}: ${noFile}`)
    await mkdir(path('fashion-mnist/t10k-images-idx3-ubyte.gz'), { recursive: true })
    await expect(fashionMnist().open('test')).rejects.toThrow('expected a file, got a folder. Move it away.')
    vi.unstubAllEnvs()
  })

  test('is not downloaded into, and a folder that cannot be is said at once', async () => {
    execFileSync('mkfifo', [join(folder, 'piped.part')])
    const asked = { url: 'http://127.0.0.1:1/file', md5: '' }
    const path = join(folder, 'piped')
    await expect(download({ ...asked, path })).rejects.toThrow(`${path}.part: ${noFile}`)
    if (process.platform !== 'linux') return
    await expect(download({ ...asked, path: '/proc/lapstrake/deep/file' })).rejects.toThrow(
      'download: expected to make the folder /proc/lapstrake/deep'
    )
  })
})

test('an image folder: classes by name, any size, colours and grey; a damaged file is named', async () => {
  const root = join(folder, 'images')
  for (const [name, colour] of [
    ['blue', '#0000ff'],
    ['red', '#ff0000']
  ] as const) {
    await mkdir(join(root, name), { recursive: true })
    await sharp({ create: { width: 40, height: 30, channels: 3, background: colour } })
      .png()
      .toFile(join(root, name, 'a.png'))
    await sharp({ create: { width: 20, height: 50, channels: 3, background: colour } })
      .jpeg({ quality: 100 })
      .toFile(join(root, name, 'b.jpg'))
  }
  const dataset = await openImageFolder(root, { size: 8 })
  expect([dataset.classes, dataset.size, dataset.shape]).toEqual([['blue', 'red'], 4, [8, 8, 3]])
  const images = await dataset.read([3, 0])
  expect(images.map(({ label }) => label)).toEqual([1, 0])
  expect(images[0]!.image[0]).toBeGreaterThan(250)
  expect(images[0]!.image[2]).toBeLessThan(5)
  const whole = await readFile(join(root, 'red', 'b.jpg'))
  await writeFile(join(root, 'red', 'c.jpg'), whole.subarray(0, 200))
  await expect((await openImageFolder(root, { size: 8 })).read([4])).rejects.toThrow(
    `expected ${join(root, 'red', 'c.jpg')} to be an image, but it is damaged or cut short`
  )
  await expect(openImageFolder(join(folder, 'nowhere'), { size: 8 })).rejects.toThrow(
    'imageFolder: expected a folder at'
  )
})

const real = process.env.LAPSTRAKE_DATA
describe.skipIf(real === undefined)('real data (set LAPSTRAKE_DATA to the folder that holds it)', () => {
  test('Fashion-MNIST: ten thousand test images, a thousand of each class', async context => {
    if (!existsSync(join(real!, 'fashion-mnist'))) context.skip()
    const dataset = await fashionMnist().open('test')
    expect([dataset.size, dataset.shape]).toEqual([10_000, [28, 28, 1]])
    const images = await dataset.read(Array.from({ length: 10_000 }, (_, i) => i))
    for (let label = 0; label < 10; label++) expect(images.filter(image => image.label === label).length).toBe(1000)
  })

  test('CIFAR-10 as JPEGs says that it is lossy', async context => {
    if (!existsSync(join(real!, 'cifar10'))) context.skip()
    const dataset = await cifar10().open('test', { limit: 100 })
    expect([dataset.name, dataset.size, dataset.shape]).toEqual(['CIFAR-10 (JPEG q75)', 100, [32, 32, 3]])
    const [{ image, label }] = (await dataset.read([0])) as [ImageExample]
    // The first test image is a cat whose first pixel is (158, 112, 49).
    expect(dataset.classes[label]).toBe('cat')
    ;[158, 112, 49].forEach((value, i) => expect(Math.abs(image[i]! - value)).toBeLessThan(25))
  })
})
