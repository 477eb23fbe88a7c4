import { strToU8, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { takeIn } from './own-files.ts'

const own = (path: string, content: BlobPart = 'x'): { path: string; file: File } => ({
  path,
  file: new File([content], path.split('/').at(-1)!)
})
const paths = (files: readonly { readonly path: string }[]): string[] => files.map(({ path }) => path).sort()

test('the folder of an image is its class', async () => {
  const { classes } = await takeIn([
    own('pets/cat/1.png'),
    own('pets/cat/2.JPG'),
    own('pets/dog/1.png'),
    own('alone.png')
  ])
  expect([...classes].map(([name, { length }]) => [name, length])).toEqual([
    ['', 1],
    ['cat', 2],
    ['dog', 1]
  ])
})

test('what is no image is named, and what a system left beside is not', async () => {
  const { files, skipped } = await takeIn([
    own('a/1.png'),
    own('a/read.txt'),
    own('a/none.png', ''),
    own('__MACOSX/a/1.png'),
    own('a/.DS_Store'),
    own('a/Thumbs.db')
  ])
  expect(paths(files)).toEqual(['a/1.png'])
  expect(paths(skipped)).toEqual(['a/none.png', 'a/read.txt'])
})

test('a zip is opened; one that is cut off is skipped with a reason', async () => {
  const zip = zipSync({ 'pets/cat/1.png': strToU8('x'), 'pets/dog/1.png': strToU8('y') })
  expect(paths((await takeIn([own('pets.zip', zip)])).files)).toEqual(['pets/cat/1.png', 'pets/dog/1.png'])
  const { files, skipped } = await takeIn([own('pets.zip', zip.slice(0, zip.length / 2))])
  expect(files).toEqual([])
  expect(skipped[0]?.reason).toMatch(/cut off/)
})
