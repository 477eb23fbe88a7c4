import { expect, test } from 'vitest'
import { encodeNpz, imageFiles, imageFolder, npz, UnreadableExample } from '../index.ts'

/** A picture of one colour, as somebody would choose it. */
async function picture(name: string, colour: string): Promise<File> {
  const canvas = new OffscreenCanvas(6, 4)
  const context = canvas.getContext('2d')!
  context.fillStyle = colour
  context.fillRect(0, 0, 6, 4)
  return new File([await canvas.convertToBlob()], name)
}

test('files that were chosen are images, in the classes of their folders', async () => {
  const files = [
    { path: 'pets/cat/0.png', file: await picture('0.png', '#00ff00') },
    { path: 'pets/cat/1.png', file: await picture('1.png', '#00ff00') },
    { path: 'pets/dog/0.png', file: await picture('0.png', '#0000ff') },
    { path: 'pets/dog/broken.png', file: new File(['no picture'], 'broken.png') }
  ]
  const dataset = await imageFiles(files, { size: 3, holdOut: 0 }).open('train')
  expect([dataset.size, dataset.classes, dataset.shape, [...dataset.labels!]]).toEqual([
    4,
    ['cat', 'dog'],
    [3, 3, 3],
    [0, 0, 1, 1]
  ])
  expect((await dataset.read([0, 2])).map(({ image }) => [...image.slice(0, 3)])).toEqual([
    [0, 255, 0],
    [0, 0, 255]
  ])
  await expect(dataset.read([3])).rejects.toThrow(UnreadableExample)
  expect((await imageFiles(files).open('test')).size).toBe(2)
})

test("a file of NumPy's arrays is read", async () => {
  const bytes = encodeNpz({ x: { shape: [2, 1, 2], data: Float32Array.of(0, 1, 0.2, 0.4) } })
  const dataset = await npz(new File([bytes], 'two.npz'), { holdOut: 0 }).open('train')
  expect((await dataset.read([1]))[0]!.image).toEqual(Uint8Array.of(51, 102))
  const address = URL.createObjectURL(new Blob([bytes]))
  expect((await npz(address).open('test')).size).toBe(1)
})

test('a folder is none, and what to give instead is said', async () => {
  await expect(imageFolder('photos').open('train')).rejects.toThrow(
    'imageFolder: expected a disk to read photos/train from, but a page has none. Give the page the files ' +
      'themselves: imageFiles(input.files), or train in Node.'
  )
})
