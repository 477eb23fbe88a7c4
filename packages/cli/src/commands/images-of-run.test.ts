import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeNpz, drawShapes, useBackend, type ImageExample } from 'lapstrake'
import { decodeSafetensors, openRun } from 'lapstrake/node'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Gallery } from '../pages/gallery-page.ts'
import { lapstrake, root, tinyRecipe } from '../testing/lapstrake.ts'

let folder: string
/** Photographs of drawn shapes, in a folder for each class; one is there twice, one is none. */
let photos: string
let contrastive: string
let classifying: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-images-of-run-'))
  photos = join(folder, 'photos')
  const drawn = drawShapes({ count: 40, seed: 5, size: 32 })
  for (let i = 0; i < 40; i++) {
    const [{ image, label }] = (await drawn.read([i])) as [ImageExample]
    mkdirSync(join(photos, drawn.classes[label]!), { recursive: true })
    await sharp(image, { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toFile(join(photos, drawn.classes[label]!, `${i}.png`))
  }
  copyFileSync(join(photos, 'disc/0.png'), join(photos, 'disc/copy, "of 0".png'))
  writeFileSync(join(photos, 'disc/broken.png'), 'no picture')
  ;[contrastive, classifying] = [trained('contrastive', ''), trained('classifying', classifies)] as [string, string]
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

const classifies = "name: 'classifying', head: () => linear({ dim: 8 }), loss: () => crossEntropy()"

function trained(name: string, change: string): string {
  const recipe = join(folder, `${name}.ts`)
  writeFileSync(recipe, `import { crossEntropy, linear } from 'lapstrake'\n${tinyRecipe(change)}`)
  const { status, stderr } = lapstrake('train', recipe, '--backend', 'wasm', '--out', join(folder, name))
  expect(status, stderr).toBe(0)
  return join(folder, name)
}

const left = (of: string): string => `${join(of, 'disc/broken.png')} is left out: it is damaged or cut short`

test('embed writes what openRun encodes, with names and classes, in three forms', { timeout: 120_000 }, async () => {
  const out = (ending: string): string => join(folder, 'out', `features.${ending}`)
  for (const ending of ['npz', 'safetensors', 'csv']) {
    const given = [contrastive, photos, '--out', out(ending), '--backend', 'wasm', '--batch', '16']
    const { status, stdout, stderr } = lapstrake('embed', ...given)
    expect([status, stderr], stderr).toEqual([0, expect.stringContaining(left(photos))])
    expect(stdout).toMatch(new RegExp(`^${out(ending)}   41 × 6   0\\.0 MB   [\\d.]+ s, \\d+ images/s\\n$`))
  }
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(['features.csv', 'features.npz', 'features.safetensors'])

  const { features, names, labels, classes, lapstrake: about } = decodeNpz(readFileSync(out('npz')))
  expect(features!.shape).toEqual([41, 6])
  const files = names!.data as readonly string[]
  expect(files).toContain('disc/copy, "of 0".png')
  files.forEach((name, i) =>
    expect(name.split('/')[0]).toBe((classes!.data as readonly string[])[(labels!.data as Int32Array)[i]!])
  )
  expect(JSON.parse((about!.data as readonly string[])[0]!)).toMatchObject({ run: 'tiny', level: 2 })

  await useBackend('wasm', { threads: 1 })
  const run = await openRun(contrastive)
  const images = await run.read(files.map(name => join(photos, name)))
  const encoded = run.encode(images, { pooled: true })
  const expected = await encoded.data<'float32'>()
  run.dispose()
  const close = (found: ArrayLike<number>): void => {
    expect(found.length).toBe(expected.length)
    expected.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6))
  }
  close(features!.data as Float32Array)

  const { tensors, metadata } = decodeSafetensors(readFileSync(out('safetensors')))
  const { bytes } = tensors.features!
  close(new Float32Array(new Uint8Array(bytes).buffer))
  expect([JSON.parse(metadata.names!), JSON.parse(metadata.classes!)]).toEqual([files, classes!.data])

  const [head, ...lines] = readFileSync(out('csv'), 'utf8').trimEnd().split('\n')
  expect(head).toBe('file,label,f0,f1,f2,f3,f4,f5')
  expect(lines.filter(line => line.startsWith('"disc/copy, ""of 0"".png",disc,'))).toHaveLength(1)
  close(lines.flatMap(line => line.split(',').slice(-6).map(Number)))
})

test('embed reads other levels, known data and files alone, and tells in JSON', () => {
  const out = join(folder, 'level.npz')
  const embed = (...given: string[]) =>
    JSON.parse(lapstrake('embed', contrastive, ...given, '--out', out, '--json', '--backend', 'wasm').stdout)
  expect(embed(photos, '--level', '1', '--limit', '10')).toMatchObject({ out, images: 10, dim: 4, level: 1 })
  expect(embed('shapes', '--limit', '5')).toMatchObject({ images: 5, dim: 6, data: 'drawn shapes' })
  const names = decodeNpz(readFileSync(out)).names!.data as readonly string[]
  expect(names[1]).toBe('shapes/test/200')
  const [a, b] = [join(photos, 'disc/0.png'), join(photos, 'disc/broken.png')]
  expect(embed(a, b)).toMatchObject({ images: 1, classes: [], unreadable: [{ example: b }] })
})

test('embed refuses before it works, in words', () => {
  const mine = join(folder, 'mine.csv')
  writeFileSync(mine, 'file,price\na.png,3\n')
  for (const [given, code, message] of [
    [['--out', 'x.parquet'], 2, 'embed: expected a file that ends in .npz, .safetensors, .csv, got x.parquet.'],
    [['--level', '7'], 2, 'embed: expected --level from 0 to 2, one above each stage, got 7.'],
    [['--part', 'all'], 2, 'embed: expected --part test or train, got all.'],
    [['--out', mine], 1, `${mine}: expected no file, or one that lapstrake wrote, got another.`]
  ] as const) {
    const { status, stderr } = lapstrake('embed', contrastive, photos, '--backend', 'wasm', ...given)
    expect([status, stderr]).toEqual([code, expect.stringContaining(message)])
  }
  expect(readFileSync(mine, 'utf8')).toBe('file,price\na.png,3\n')
  const split = join(folder, 'split')
  for (const part of ['train', 'test']) mkdirSync(join(split, part), { recursive: true })
  for (const [path, message] of [
    [split, `got one with train and test in it. Name a part: ${split}/test.`],
    [join(folder, 'nowhere'), 'embed: expected a folder of images or an image at'],
    [join(photos, 'disc/broken.png'), 'embed: expected images that can be read in']
  ] as const)
    expect(
      lapstrake('embed', contrastive, path, '--out', join(folder, 'no.csv'), '--backend', 'wasm').stderr
    ).toContain(message)
  expect(readdirSync(folder).filter(name => name.startsWith('no.csv'))).toEqual([])
})

interface Told {
  readonly label: string
  readonly classes: readonly { readonly class: string }[]
}

test('predict asks the classifier that a run trained, and says how often it is right', () => {
  const { status, stdout, stderr } = lapstrake('predict', classifying, photos, '--json', '--top', '3')
  expect(status, stderr).toBe(0)
  const told = JSON.parse(stdout)
  expect(told.classifier).toBe('By unit0, which the run trained to classify.')
  expect(told.images).toHaveLength(41)
  for (const { file, label, classes } of told.images) {
    expect(file.startsWith(`${label}/`)).toBe(true)
    const probabilities = classes.map((one: { probability: number }) => one.probability)
    expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a))
    expect(probabilities.reduce((sum: number, one: number) => sum + one, 0)).toBeLessThanOrEqual(1.0001)
  }
  const right = (told.images as Told[]).filter(one => one.classes[0]!.class === one.label).length
  expect(told.accuracy).toEqual({ right, images: 41 })

  const out = join(folder, 'predictions.csv')
  const written = lapstrake('predict', classifying, photos, '--out', out, '--weights', 'state.safetensors')
  expect(written.stdout).toContain(`${out}   41 images\n`)
  const [head, first] = readFileSync(out, 'utf8').split('\n') as [string, string]
  expect(head).toBe('file,label,class,probability')
  const { file, classes } = told.images[0]
  expect(first.split(',').slice(0, 3)).toEqual([file, file.split('/')[0], classes[0].class])
  expect(Number(first.split(',')[3])).toBeCloseTo(classes[0].probability, 5)
})

test('predict fits a readout for a run without a classifier, and wants labels for it', () => {
  const image = join(photos, 'disc/0.png')
  const { status, stdout, stderr } = lapstrake('predict', contrastive, image, '--backend', 'wasm')
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('This run has no classifier: a linear readout of its top is fitted here to 64 examples')
  expect(stdout).toMatch(/^file +class +probability\n─+\n\S+ +[a-z]+ +[\d.]+ %\n/)
  const flat = join(folder, 'flat')
  mkdirSync(flat)
  for (let i = 0; i < 2; i++) copyFileSync(image, join(flat, `${i}.png`))
  expect(lapstrake('predict', contrastive, image, '--data', flat, '--backend', 'wasm').stderr).toContain(
    'predict: expected a run that learned to classify, or labelled data to fit a readout to'
  )
})

test('neighbours writes a page that needs nothing else: the nearest of each, twins, a map', { timeout: 60_000 }, () => {
  const out = join(folder, 'page.html')
  const [query, stranger] = [join(photos, 'disc/0.png'), join(folder, 'stranger.png')]
  copyFileSync(query, stranger)
  const given = ['--query', query, stranger, '--map', '20', '--k', '3', '--duplicates', '0.99999', '--out', out]
  const { status, stdout, stderr } = lapstrake('neighbours', contrastive, photos, ...given, '--backend', 'wasm')
  expect([status, stderr], stderr).toEqual([0, expect.stringContaining(left(photos))])
  expect(stdout).toContain('41 images, 20 on the map, ')
  const page = readFileSync(out, 'utf8')
  expect(page).toContain('1 could not be read and are left out')
  expect(page).toContain('20 of 41, spread evenly over the folder')
  expect(page.replace(/href="data:,"/, '')).not.toMatch(/https?:|src="|href="/)
  const data = /id="data">(.*?)<\/script>/s.exec(page)![1]!
  const { images, queries, map, groups } = JSON.parse(data) as Gallery
  const nameOf = (image: number): string => images[image]!.name
  expect(queries.map(({ image }) => nameOf(image))).toEqual(['disc/0.png', stranger])
  for (const which of ['network', 'pixels'] as const) {
    const [inside, outside] = queries.map(one => one[which].map(([image]) => nameOf(image)))
    expect(inside![0]).toBe('disc/copy, "of 0".png')
    expect(inside).not.toContain('disc/0.png')
    expect(outside!.slice(0, 2).sort()).toEqual(['disc/0.png', 'disc/copy, "of 0".png'])
    expect(queries[0]![which][0]![1]).toBe(1)
  }
  expect(groups.map(group => group.map(nameOf))).toContainEqual(['disc/0.png', 'disc/copy, "of 0".png'])
  expect(map).toHaveLength(20)
  for (const { image, network } of map) {
    expect(network.map(([other]) => other)).not.toContain(image)
    expect(network).toHaveLength(3)
  }
  for (const { thumbnail } of images) expect(thumbnail).toMatch(/^data:image\/webp;base64,/)

  const beside = lapstrake('neighbours', contrastive, photos, stranger)
  expect([beside.status, beside.stderr]).toEqual([2, expect.stringContaining('write --query before it')])
})
