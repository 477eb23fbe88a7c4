import '@tensorflow/tfjs-backend-cpu'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { dispose, seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytesFrom, readImages, type ImageSource } from '../index.ts'
import { openImageFolder } from '../node.ts'

let folder: string
let server: Server
let png: Buffer
const photo = (): string => join(folder, 'photos', 'photo.png')
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-images-'))
  await mkdir(join(folder, 'photos'))
  const data = Uint8Array.from(seeded(1).uniforms(30 * 20 * 4), value => Math.floor(256 * value))
  png = await sharp(data, { raw: { width: 30, height: 20, channels: 4 } })
    .png()
    .toBuffer()
  await writeFile(photo(), png)
  server = createServer((request, response) =>
    request.url === '/photo.png' ? response.end(png) : response.writeHead(404).end()
  )
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})
const address = (name: string): string => `http://127.0.0.1:${(server.address() as { port: number }).port}/${name}`

const numbers = async (images: ImageSource | readonly ImageSource[], shape: readonly number[]): Promise<number[]> => {
  const tensor = await readImages(images, shape)
  const values = [...(await tensor.data())]
  dispose(tensor)
  return values
}

test('a file is what imageFolder makes of it, whichever way it comes, and what is given stays as it was', async () => {
  const dataset = await openImageFolder(join(folder, 'photos'), { size: 8 })
  const { input } = dataset.collate(await dataset.read([0]))
  const expected = [...(await input.data())]
  const before = tf.memory().numTensors
  const bytes = Uint8Array.from(png)
  for (const source of [
    photo(),
    pathToFileURL(photo()),
    pathToFileURL(photo()).href,
    address('photo.png'),
    new URL(address('photo.png')),
    `data:image/png;base64,${png.toString('base64')}`,
    new Blob([bytes]),
    new File([bytes], 'photo.png'),
    bytes,
    bytes.buffer,
    png
  ])
    expect(await numbers(source, [8, 8, 3])).toEqual(expected)
  expect([...bytes]).toEqual([...(await readFile(photo()))])
  const buffer = await readFile(photo())
  expect(await numbers([buffer, buffer], [8, 8, 3])).toEqual([...expected, ...expected])
  expect([...buffer]).toEqual([...bytes])
  const three = await readImages([photo(), png, new Blob([bytes])], [8, 8, 3])
  expect([three.shape, three.dtype]).toEqual([[3, 8, 8, 3], 'float32'])
  expect([...(await three.data())]).toEqual([...expected, ...expected, ...expected])
  dispose(three)
  expect(tf.memory().numTensors).toBe(before)
  dispose(input as typeof three)
})

test('pixels of bytes in another size are read as the file with these pixels is', async () => {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
  expect(info.channels).toBe(4)
  for (const shape of [
    [8, 8, 3],
    [20, 30, 3],
    [9, 4, 3],
    [8, 8, 1]
  ]) {
    const expected = await numbers(photo(), shape)
    expect(await numbers({ data, height: 20, width: 30, channels: 4 }, shape)).toEqual(expected)
    // As an ImageData is, which does not count its channels.
    expect(await numbers({ data: Uint8ClampedArray.from(data), height: 20, width: 30 }, shape)).toEqual(expected)
  }
  // What begins as a JPEG does is pixels all the same.
  const red = Uint8Array.from({ length: 12 }, (_, i) => [0xff, 0xd8, 0][i % 3]!)
  expect(await numbers({ data: red, height: 2, width: 2 }, [1, 1, 3])).toEqual([1, Math.fround(0xd8 / 255), 0])
})

test('one channel has the luminance of colours, and grey stays what it is', async () => {
  const plain = async (background: string): Promise<number> => {
    const file = await sharp({ create: { width: 4, height: 4, channels: 3, background } })
      .png()
      .toBuffer()
    return Math.round(255 * (await numbers(file, [1, 1, 1]))[0]!)
  }
  expect(await Promise.all(['#ff0000', '#00ff00', '#0000ff', '#070707', '#ffffff'].map(plain))).toEqual([
    76, 150, 29, 7, 255
  ])
})

test('pixels of the right size are taken as they are: bytes, floats and lists', async () => {
  const bytes = Uint8Array.from({ length: 10 }, (_, i) => 25 * i)
  const floats = Float32Array.from(bytes, value => value / 255)
  const shape = [1, 2, 5]
  const [expected, pixels] = [[...floats], { height: 1, width: 2, channels: 5 }]
  expect(await numbers({ data: bytes, ...pixels }, shape)).toEqual(expected)
  expect(await numbers({ data: floats, ...pixels }, shape)).toEqual(expected)
  const rows = [[expected.slice(0, 5), expected.slice(5)]]
  expect(await numbers(rows, shape)).toEqual(expected)
  expect(await numbers([rows, rows], shape)).toEqual([...expected, ...expected])
  const typed = [[Float32Array.of(0.5)]] as never
  expect(await numbers([typed, typed], [1, 1, 1])).toEqual([0.5, 0.5])
})

test('a background shows through what is transparent', async () => {
  const data = Uint8Array.of(9, 9, 9, 0)
  const tensor = await readImages({ data, height: 1, width: 1 }, [1, 1, 3], { background: [255, 0, 51] })
  expect([...(await tensor.data())]).toEqual([1, 0, Math.fround(0.2)])
})

test.each<[string, unknown, readonly number[], string]>([
  ['nothing', [], [8, 8, 3], 'readImages: expected one image or more, got none. Give one.'],
  ['a number', 7, [8, 8, 3], 'readImages: expected it to be an image, got a number. Give a path'],
  ['a tensor', tf.zeros([8, 8, 3]), [8, 8, 3], 'got a tensor of shape [8, 8, 3]'],
  ['a list with one', [[[[0.5]]], null], [1, 1, 1], 'readImages: expected image 1 to be an image, got null.'],
  ['a file that is not there', '/nowhere.png', [8, 8, 3], 'expected /nowhere.png to be an image, but it is not there.'],
  ['bytes of no image', Uint8Array.of(1, 2, 3), [8, 8, 3], 'or pixels as { data, height, width, channels }.'],
  [
    'floats up to 255',
    { data: Float32Array.of(0, 128, 255), height: 1, width: 1 },
    [1, 1, 3],
    'readImages: expected floats from 0 to 1 for it, got 128 in place 1. Divide values up to 255 by 255'
  ],
  ['no numbers', [[[Number.NaN]]], [1, 1, 1], 'expected floats from 0 to 1 for it, got NaN in place 0.'],
  [
    'whole numbers of another type',
    { data: Int32Array.of(0, 128, 255), height: 1, width: 1 },
    [1, 1, 3],
    'got a Int32Array. Make a Uint8Array or a Float32Array of them.'
  ],
  [
    'floats of another size',
    { data: new Float32Array(12), height: 2, width: 2, channels: 3 },
    [1, 1, 3],
    'expected pixels of 1 × 1 × 3 for it, got 2 × 2 × 3 floats. Give bytes from 0 to 255'
  ],
  [
    'colours for one channel',
    { data: new Uint8Array(3), height: 1, width: 1, channels: 3 },
    [1, 1, 1],
    'expected pixels of 1 × 1 × 1 for it, got 1 × 1 × 3 bytes. Give 1 channel.'
  ],
  [
    'a file for five channels',
    new Blob(['x']),
    [1, 1, 5],
    'expected 5 channels, got a picture for it, which has three.'
  ],
  [
    'too few pixels',
    { data: new Uint8Array(11), height: 2, width: 2, channels: 3 },
    [1, 1, 3],
    'numbers, got 11 for 2 × 2 × 3. Say its own height and width.'
  ],
  ['uneven lists', [[[0.1], [0.2]], [[0.3]]], [2, 2, 1], 'expected lists [height][width][channels] of numbers for it'],
  [
    'lists without channels',
    [
      [0.1, 0.2],
      [0.3, 0.4]
    ],
    [2, 2, 1],
    'Wrap a grey value in a list of its own.'
  ],
  ['no shape of images', photo, [784], 'readImages: expected a shape [height, width, channels], got [784].']
])('%s is refused', async (_, images, shape, message) => {
  await expect(readImages(images as ImageSource, shape)).rejects.toThrow(message)
})

test('bytes that are not there are told in the words of who asks', async () => {
  await expect(bytesFrom('loadEncoder', address('none'), 'a network')).rejects.toThrow(
    /^loadEncoder: expected a network at http.*\/none, but its server answers 404 Not Found\. Give the path of one\.$/
  )
  await expect(bytesFrom('loadEncoder', 'http://127.0.0.1:1/')).rejects.toThrow('but it cannot be reached')
  await expect(bytesFrom('loadEncoder', 3 as never)).rejects.toThrow(
    'loadEncoder: expected a file: its path, its address, a Blob or bytes, got a number.'
  )
})
