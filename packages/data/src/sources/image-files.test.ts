import '@tensorflow/tfjs-backend-cpu'
import sharp from 'sharp'
import { beforeAll, expect, test } from 'vitest'
import { imageFiles, LacksPart, UnreadableExample, type FileAt, type ImageFilesOptions } from '../index.ts'

let png: Buffer<ArrayBuffer>
beforeAll(async () => {
  png = (await sharp({ create: { width: 6, height: 4, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer()) as Buffer<ArrayBuffer>
})

const at = (path: string, content: BlobPart = png): FileAt => ({
  path,
  file: new File([content], path.split('/').at(-1)!)
})

const numbered = (count: number, folder: string): FileAt[] =>
  Array.from({ length: count }, (_, i) => at(`${folder}${i}.png`))

test('files in folders are of the classes of their folders, and a tenth is held out by their paths', async () => {
  const files = [
    ...numbered(20, 'pets/cat/'),
    ...numbered(3, 'pets/dog/'),
    at('pets/notes.txt', 'x'),
    at('pets/.x', '')
  ]
  const told: string[] = []
  const data = imageFiles(files, { size: 4, name: 'pets' })
  const train = await data.open('train', { onWarning: warning => told.push(warning) })
  const held = await data.open('test')
  expect([train.classes, train.shape, train.size, held.size]).toEqual([['cat', 'dog'], [4, 4, 3], 20, 3])
  expect([...held.labels!].sort()).toEqual([0, 0, 1])
  expect((await train.read([0]))[0]).toEqual({
    image: Uint8Array.from({ length: 48 }, (_, i) => 255 * +(i % 3 === 1)),
    label: 0
  })
  expect(told).toEqual([
    'pets: 23 images in 2 classes, of which 3 are held out to test with and 20 are learned from.',
    'pets: left out 1 hidden, such as pets/.x; 1 .txt, such as pets/notes.txt.'
  ])
})

test('files as a page gives them have no classes', async () => {
  const files = [new File([png], 'a.png'), new File([png], 'b.png')]
  const data = imageFiles(files)
  const [train, held] = [await data.open('train'), await data.open('test')]
  expect([train.size, train.classes, [...train.labels!], train.shape, held.size]).toEqual([1, [], [-1], [32, 32, 3], 1])
  const whole = imageFiles(new Set(files), { holdOut: 0 })
  expect((await whole.open('train')).size).toBe(2)
  await expect(whole.open('test')).rejects.toThrow(LacksPart)
})

test('a damaged file is named as it is read', async () => {
  const dataset = await imageFiles([at('0.png'), at('1.png', png.subarray(0, 40))], { holdOut: 0 }).open('train')
  await expect(dataset.read([0, 1])).rejects.toThrow(UnreadableExample)
  await expect(dataset.read([0, 1])).rejects.toThrow('imageFiles: expected 1.png to be an image, but it is damaged or')
  expect(await dataset.read([0])).toHaveLength(1)
})

test.each<[string, unknown, ImageFilesOptions, string]>([
  ['no list', 7, {}, 'imageFiles: expected files, as in input.files or ['],
  ['a path', 'photos', {}, 'imageFiles: expected files, as in input.files or ['],
  ['paths', ['a.png'], {}, "imageFiles: expected a File, or { path, file }, got 'a.png'."],
  ['records of others', [{ name: 'a' }], {}, 'imageFiles: expected a File, or { path, file }, got { name }.'],
  ['all held out', [], { holdOut: 1 }, 'imageFiles: expected holdOut to be a part from 0 to below 1, got 1.'],
  ['no size', [], { size: 0 }, 'imageFiles: expected size to be a whole number from 1 to 8192, got 0.']
])('%s is refused', (_, files, options, message) => {
  expect(() => imageFiles(files as FileAt[], options)).toThrow(message)
})

test('files without an image among them are refused as they are opened', async () => {
  await expect(imageFiles([at('a.txt', 'x')]).open('train')).rejects.toThrow(
    'images: expected images among 1 files, got none and 1 .txt, such as a.txt. Give PNG, JPEG or WebP images'
  )
})
