import { strToU8, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { takeIn } from './own-files.ts'

const own = (path: string, content: BlobPart = 'x'): { path: string; file: File } => ({
  path,
  file: new File([content], path.split('/').at(-1)!)
})
const paths = (files: readonly { readonly path: string }[]): string[] => files.map(({ path }) => path).sort()

const counts = async (...all: string[]): Promise<[string, number][]> =>
  [...(await takeIn(all.map(path => own(path)))).classes].map(([name, { length }]) => [name, length])

test('classes are the folders in which paths part, however deep images lie in them', async () => {
  expect(await counts('pets/cat/1.png', 'pets/cat/2.JPG', 'pets/dog/1.png')).toEqual([
    ['cat', 2],
    ['dog', 1]
  ])
  expect(await counts('pets/cat/2024/1.png', 'pets/cat/2025/1.png', 'pets/dog/1.png')).toEqual([
    ['cat', 2],
    ['dog', 1]
  ])
  expect(await counts('all/pets/cat/1.png', 'all/pets/dog/1.png')).toEqual([
    ['cat', 1],
    ['dog', 1]
  ])
  expect(await counts('pets/1.png', 'pets/2.png')).toEqual([['', 2]])
  expect(await counts('1.png', '2.png')).toEqual([['', 2]])
})

test('images beside the folders of classes are left out, and so is what is to be tested with', async () => {
  const beside = await takeIn([own('pets/cat/1.png'), own('pets/dog/1.png'), own('alone.png'), own('pets/all.png')])
  expect([...beside.classes.keys()]).toEqual(['cat', 'dog'])
  expect(beside.leftOut).toEqual(['2 beside the folders of classes, such as alone.png'])

  const parted = await takeIn(
    ['train/cat/1.png', 'train/dog/1.png', 'test/cat/2.png', 'val/dog/3.png'].map(path => own(`pets/${path}`))
  )
  expect([...parted.classes.keys()]).toEqual(['cat', 'dog'])
  expect(paths(parted.files)).toEqual(['pets/train/cat/1.png', 'pets/train/dog/1.png'])
  expect(parted.leftOut).toEqual(['2 beside train, of which a page holds out some, such as pets/test/cat/2.png'])
})

test('all that is left out is told, in the words of imageFolder', async () => {
  const { files, skipped, leftOut } = await takeIn([
    own('a/1.png'),
    own('a/read.txt'),
    own('a/none.png', ''),
    own('a/2.tif'),
    own('a/3.tiff'),
    own('__MACOSX/a/1.png'),
    own('a/.DS_Store'),
    own('a/Thumbs.db')
  ])
  expect(paths(files)).toEqual(['a/1.png'])
  expect(paths(skipped)).toEqual(['a/2.tif', 'a/3.tiff', 'a/none.png', 'a/read.txt'])
  expect(leftOut).toEqual([
    '3 hidden, such as __MACOSX/a/1.png',
    '1 .tif that cannot be decoded here (save them as .png), such as a/2.tif',
    '1 .tiff that cannot be decoded here (save them as .png), such as a/3.tiff',
    '1 empty, such as a/none.png',
    '1 .txt, such as a/read.txt'
  ])
})

test('a zip is opened; one that is cut off is skipped with a reason', async () => {
  const zip = zipSync({ 'pets/cat/1.png': strToU8('x'), 'pets/dog/1.png': strToU8('y') })
  expect(paths((await takeIn([own('pets.zip', zip)])).files)).toEqual(['pets/cat/1.png', 'pets/dog/1.png'])
  const { files, skipped } = await takeIn([own('pets.zip', zip.slice(0, zip.length / 2))])
  expect(files).toEqual([])
  expect(skipped[0]?.reason).toMatch(/cut off/)
})
