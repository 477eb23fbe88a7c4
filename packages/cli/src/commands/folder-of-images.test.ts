import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runFiles, type Manifest } from '@lapstrake/runs/node'
import { drawShapes, encodeNpz, type ImageExample } from 'lapstrake'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lapstrake, lapstrakeIn, root, tinyRecipe } from '../testing/lapstrake.ts'

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
  expect([resumed.status, resumed.stderr]).toEqual([2, expect.stringContaining('expected no --size beside --resume')])
})

test('without labels are learned from, some are held out, and what is left out is said', () => {
  const flat = join(folder, 'flat')
  const { status, stderr } = train('flat-run', '--data', flat)
  expect(status, stderr).toBe(0)
  expect(stderr).toContain(
    `${flat}: 64 images without labels. There is no ${flat}/test, so 6 of them are held out to test with, chosen by ` +
      'their names, and 58 are learned from.\n'
  )
  expect(stderr).toContain(`Data: ${flat}, 58 training examples of 32 × 32 × 3 without classes.`)
  expect(stderr).toContain(
    `${flat}: left out 1 .bmp that cannot be decoded here (save them as .png), such as notes.bmp.\n`
  )
  const evaluate = (...more: string[]): ReturnType<typeof lapstrake> =>
    lapstrake('evaluate', join(folder, 'flat-run'), '--backend', 'wasm', ...more)
  const bare = evaluate()
  expect(bare.status, bare.stderr).toBe(0)
  expect(bare.stdout).toContain(`${flat} has no labels, so no classes are read out: give them in a table with`)
  expect(bare.stdout).toMatch(/Of 6 test images, [^]*raw pixels +\d+[^]*untrained, top +[^]*tiny, \w+ +[^]* of 6\n/)
  expect(evaluate('--labels', '2').stderr).toContain(
    `evaluate: expected examples with labels, got none in ${flat}. Put images into a folder for each class, give ` +
      'their labels in a table with --labels-from, or name labelled data with --data; neighbours shows what'
  )
  // A folder in place of the run's own is read in the size that the run has.
  const { stdout, stderr: said } = evaluate('--data', join(folder, 'photos/train'))
  expect(stdout, said).toContain('/photos/train: 40 training and 8 test examples.')
  expect(said).not.toContain('are resized')
  const sized = evaluate('--data', join(folder, 'photos'), '--size', '16').stderr
  expect(sized).toContain('Images of 16 × 16 are resized to 28 × 28')
})

test('with labels in a table are read by evaluate, also from elsewhere; those without are left out', () => {
  const labelled = join(folder, 'labelled')
  cpSync(join(folder, 'flat'), labelled, { recursive: true })
  const rows = Array.from({ length: 60 }, (_, i) => `${i}.png,${i % 2 === 0 ? 'even' : 'odd'}`)
  writeFileSync(join(labelled, 'labels.csv'), `file,label\n${rows.join('\n')}\n`)
  const { status, stderr } = lapstrakeIn(
    folder,
    ...['train', recipe, '--backend', 'wasm', '--threads', '1', '--out', 'labelled-run'],
    ...['--data', 'labelled', '--size', '28', '--labels-from', 'labels.csv']
  )
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('It has none for 4 of 64 images, such as 60.png.')
  expect(manifestIn(join(folder, 'labelled-run'))).toMatchObject({
    directory: folder,
    options: { data: labelled, size: 28, 'labels-from': 'labels.csv' }
  })
  const evaluated = lapstrake('evaluate', join(folder, 'labelled-run'), '--backend', 'wasm')
  expect(evaluated.status, evaluated.stderr).toBe(0)
  expect(evaluated.stderr).toMatch(/labelled: \d of \d+ examples have no label and are left out: \d+ of 2 classes/)
})

test('that the recipe names by a relative path are found from elsewhere; that they moved is said', () => {
  const own = join(folder, 'own.ts')
  writeFileSync(own, tinyRecipe("data: imageFolder('photos', { size: 28 })").replace('sgd, ', 'sgd, imageFolder, '))
  const { status, stderr } = lapstrakeIn(
    folder,
    ...['train', 'own.ts', '--backend', 'wasm', '--threads', '1', '--out', 'own-run']
  )
  expect(status, stderr).toBe(0)
  const evaluated = lapstrake('evaluate', join(folder, 'own-run'), '--backend', 'wasm')
  expect(evaluated.status, evaluated.stderr).toBe(0)
  expect(evaluated.stdout).toContain(`${folder}/photos/train: 48 training and 16 test examples.`)
  renameSync(join(folder, 'photos'), join(folder, 'away'))
  try {
    expect(lapstrake('evaluate', join(folder, 'own-run'), '--backend', 'wasm').stderr).toContain(
      `imageFolder: expected a folder at ${folder}/photos/train, but it cannot be read. Say where it lies. If it ` +
        'lies elsewhere now, name the place with --data.'
    )
  } finally {
    renameSync(join(folder, 'away'), join(folder, 'photos'))
  }
})

test('arrays of NumPy are learned from and read', () => {
  const images = { shape: [64, 28, 28], data: Uint8Array.from({ length: 64 * 784 }, (_, i) => (i * 7) % 256) }
  const labels = { shape: [64], data: Uint8Array.from({ length: 64 }, (_, i) => i % 2) }
  const path = join(folder, 'digits.npz')
  writeFileSync(path, encodeNpz({ x_train: images, y_train: labels, x_test: images, y_test: labels }))
  writeFileSync(join(folder, 'grey.ts'), tinyRecipe())
  const { status, stderr } = lapstrakeIn(
    folder,
    ...['train', 'grey.ts', '--backend', 'wasm', '--threads', '1', '--out', 'arrays', '--data', 'digits.npz']
  )
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('digits.npz, 64 training examples of 28 × 28 × 1 in 2 classes.')
  const evaluated = lapstrake('evaluate', join(folder, 'arrays'), '--backend', 'wasm')
  expect(evaluated.status, evaluated.stderr).toBe(0)
  const sized = train('never', '--data', path, '--size', '16').stderr
  expect(sized).toContain(`data: expected --size beside a folder of images, as in --data ./photos --size 64, got it`)
})

test('a size, and labels, are of a folder alone', () => {
  for (const data of [['--data', 'shapes'], []]) {
    const { status, stderr } = train('never', '--size', '16', ...data)
    expect([status, stderr]).toEqual([2, expect.stringContaining('data: expected --size beside a folder of images')])
    const labels = train('never', '--labels-from', 'labels.csv', ...data).stderr
    expect(labels).toContain('data: expected --labels-from beside a folder of images, as in --data ./photos')
  }
})
