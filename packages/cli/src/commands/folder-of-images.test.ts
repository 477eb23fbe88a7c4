import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runFiles, type Manifest } from '@lapstrake/runs/node'
import { drawShapes, type ImageExample } from 'lapstrake'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
let recipe: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-images-'))
  recipe = join(folder, 'tiny.ts')
  writeFileSync(recipe, tinyRecipe())
  const drawn = drawShapes({ count: 64, size: 20 })
  for (let i = 0; i < 64; i++) {
    const [{ image, label }] = (await drawn.read([i])) as [ImageExample]
    const png = await sharp(image, { raw: { width: 20, height: 20, channels: 3 } })
      .png()
      .toBuffer()
    for (const path of [`photos/${i < 48 ? 'train' : 'test'}/${drawn.classes[label]!}`, 'flat']) {
      mkdirSync(join(folder, path), { recursive: true })
      writeFileSync(join(folder, path, `${i}.png`), png)
    }
  }
  writeFileSync(join(folder, 'flat', 'notes.bmp'), '')
})
afterAll(() => rm(folder, { recursive: true }))

const manifestIn = (run: string): Manifest => JSON.parse(readFileSync(join(run, runFiles.manifest), 'utf8')) as Manifest
const train = (name: string, ...more: string[]): ReturnType<typeof lapstrake> =>
  lapstrake('train', recipe, '--backend', 'wasm', '--threads', '1', '--out', join(folder, name), ...more)

test('of classes are read as large as it is said, and by evaluate again; a few are of all classes', () => {
  const photos = join(folder, 'photos')
  const { status, stderr } = train('sized', '--data', photos, '--size', '16', '--examples', '32')
  expect(status, stderr).toBe(0)
  expect(stderr).toContain(`Data: ${photos}/train, 32 training examples of 16 × 16 × 3 in 8 classes.`)
  expect(manifestIn(join(folder, 'sized')).options).toMatchObject({ data: photos, size: 16, examples: 32 })
  const evaluated = lapstrake('evaluate', join(folder, 'sized'), '--backend', 'wasm')
  expect(evaluated.status, evaluated.stderr).toBe(0)
  expect(evaluated.stdout).toContain('32 training and 16 test examples.')
  expect(evaluated.stderr).toContain('Images of 16 × 16 are resized to 28 × 28')
  const resumed = lapstrake('train', '--resume', join(folder, 'sized'), '--size', '8')
  expect([resumed.status, resumed.stderr]).toEqual([1, expect.stringContaining('expected no --size beside --resume')])
})

test('without classes are learned from, and what is left out is said', () => {
  const flat = join(folder, 'flat')
  const { status, stderr } = train('flat-run', '--data', flat)
  expect(status, stderr).toBe(0)
  expect(stderr).toContain(`Data: ${flat}, 64 training examples of 32 × 32 × 3 without classes.`)
  expect(stderr).toContain(
    `${flat}: left out 1 .bmp that cannot be decoded here (save them as .png), such as notes.bmp.\n`
  )
  const evaluate = (...more: string[]): string =>
    lapstrake('evaluate', join(folder, 'flat-run'), '--backend', 'wasm', ...more).stderr
  expect(evaluate()).toContain(
    `evaluate: expected examples with labels, got none in ${flat}. Put images into a folder for each class, or name ` +
      'labelled data with --data.\n'
  )
  const untested = join(folder, 'photos/train')
  expect(evaluate('--data', untested)).toContain(
    `imageFolder: expected images to test with in ${untested}/test, but there is no such folder. Make it, with a ` +
      'folder for each class as to train with, or say what it is called: test. ' +
      'Or name data that have some with --data.\n'
  )
})

test('a size is of a folder alone', () => {
  for (const data of [['--data', 'shapes'], []]) {
    const { status, stderr } = train('never', '--size', '16', ...data)
    expect([status, stderr]).toEqual([1, expect.stringContaining('data: expected --size beside a folder of images')])
  }
})
