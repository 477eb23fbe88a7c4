import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  cifar10,
  dataOf,
  drawShapes,
  imageFolder,
  inMemory,
  isData,
  LacksPart,
  mnist,
  shapes,
  webDataset,
  type Data,
  type Dataset,
  type ImageFolderOptions,
  type OpenProgress,
  type Split
} from '../index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-values-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const image = (colour: string): Promise<Buffer> =>
  sharp({ create: { width: 12, height: 12, channels: 3, background: colour } })
    .png()
    .toBuffer()

/** Images 0.png, 1.png and so on. */
async function images(path: string, count: number): Promise<void> {
  await mkdir(join(folder, path), { recursive: true })
  for (let i = 0; i < count; i++) await writeFile(join(folder, path, `${i}.png`), await image(`#0${i % 10}ff00`))
}

async function shard(path: string, images: number): Promise<string> {
  const archive = pack()
  for (let i = 0; i < images; i++) {
    archive.entry({ name: `${i}.png` }, await image('#ff0000'))
    archive.entry({ name: `${i}.cls` }, '0')
  }
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  await writeFile(path, Buffer.concat(chunks))
  return path
}

const all = ({ size }: Dataset): number[] => Array.from({ length: size }, (_, i) => i)

describe('data are a value:', () => {
  test('making one opens nothing, and it says its name', () => {
    const values: readonly Data[] = [
      cifar10({ limit: 10 }),
      mnist(),
      shapes(),
      imageFolder('nowhere', { size: 8 }),
      webDataset('nowhere', { size: 8 })
    ]
    expect(values.map(({ name }) => name)).toEqual(['cifar10', 'mnist', 'shapes', 'nowhere', 'nowhere'])
    expect(values.every(isData)).toBe(true)
    expect(['cifar10', cifar10, undefined, null, drawShapes({ count: 8 })].some(isData)).toBe(false)
  })

  test.each([cifar10(), shapes(), imageFolder('nowhere', { size: 8 }), dataOf({ name: 'mine', train: drawShapes() })])(
    'a part is train or test',
    async data => {
      await expect(data.open('valid' as Split)).rejects.toThrow(RangeError)
      await expect(data.open('valid' as Split)).rejects.toThrow(
        `${data.name}: expected the part 'train' or 'test', got "valid". Other parts are data of their own`
      )
    }
  )

  test('a limit is of the training examples, the first of them, and of a part that is opened with one', async () => {
    const whole = drawShapes({ count: 20, size: 4 })
    const data = dataOf({ name: 'mine', train: whole, test: () => whole, limit: 6 })
    expect((await data.open('train')).size).toBe(6)
    expect(await (await data.open('train')).read([5])).toEqual(await whole.read([5]))
    expect((await data.open('test')).size).toBe(20)
    expect((await data.open('train', { limit: 12 })).size).toBe(12)
    expect((await data.open('test', { limit: 3 })).size).toBe(3)
    expect((await data.open('train', { limit: 1e6 })).size).toBe(20)
    await expect(data.open('train', { limit: 0 })).rejects.toThrow(RangeError)
    expect(() => dataOf({ name: 'mine', train: whole, limit: 1.5 })).toThrow(
      'mine: expected limit to be a whole number'
    )
  })

  test('of your own may be none to test with', async () => {
    await expect(dataOf({ name: 'mine', train: drawShapes({ count: 8 }) }).open('test')).rejects.toThrow(
      'mine: expected examples to test with, but these data have none.'
    )
  })
})

test('a signal reaches what opens, and ends what does not heed it with its reason', async () => {
  const [end, reason] = [new AbortController(), new Error('enough')]
  const told: (AbortSignal | undefined)[] = []
  const data = dataOf({
    name: 'mine',
    train: ({ signal }) => {
      told.push(signal)
      end.abort(reason)
      return shapes({ limit: 1 }).open('train')
    }
  })
  await expect(data.open('train', { signal: end.signal })).rejects.toBe(reason)
  await expect(data.open('train', { signal: end.signal })).rejects.toBe(reason)
  expect(told).toEqual([end.signal])
  await expect(data.open('train', { signal: end as unknown as AbortSignal })).rejects.toThrow(
    'mine: expected signal to be an AbortSignal, got its controller. Give controller.signal.'
  )
})

test('what lacks a part is told apart from what is not there', async () => {
  const none = dataOf({ name: 'mine', train: shapes({ limit: 1 }).open('train') })
  await expect(none.open('test')).rejects.toThrow(LacksPart)
  await mkdir(join(folder, 'tars/train'), { recursive: true })
  await expect(imageFolder(join(folder, 'tars'), { holdOut: 0 }).open('test')).rejects.toThrow(LacksPart)
  await expect(webDataset(join(folder, 'tars'), { size: 8 }).open('test')).rejects.toThrow(LacksPart)
  for (const of of [imageFolder, webDataset]) {
    await expect(of('/nowhere/at-all', { size: 8 }).open('test')).rejects.toSatisfy(
      error => !(error instanceof LacksPart)
    )
  }
})

test('shapes are the same however many are drawn, and other ones to test with', async () => {
  const [few, many] = [await shapes({ limit: 12, size: 6 }).open('train'), await shapes({ size: 6 }).open('train')]
  expect([few.size, many.size, many.shape]).toEqual([12, 4000, [6, 6, 3]])
  expect(await few.read(all(few))).toEqual(await many.read(all(few)))
  expect(await few.read(all(few))).toEqual(await drawShapes({ count: 12, seed: 1, size: 6 }).read(all(few)))
  const tests = await shapes({ tests: 5, size: 6 }).open('test')
  expect(tests.size).toBe(5)
  expect(await tests.read([0])).not.toEqual(await few.read([0]))
})

test('a folder of images has parts, called as it is said', async () => {
  for (const [part, classes] of Object.entries({ train: ['a', 'b'], held: ['a'] })) {
    for (const name of classes) await images(`photos/${part}/${name}`, 2)
  }
  const photos = imageFolder(join(folder, 'photos'), { size: 8, test: 'held', limit: 3 })
  const [training, testing] = [await photos.open('train'), await photos.open('test')]
  expect([training.size, training.classes, training.shape]).toEqual([3, ['a', 'b'], [8, 8, 3]])
  expect([testing.size, testing.classes]).toEqual([2, ['a', 'b']])
  await expect(imageFolder(join(folder, 'photos'), { size: 8 }).open('test')).rejects.toThrow(
    'imageFolder: expected images to test with in'
  )
})

describe('of a folder of images', () => {
  const open = (path: string, split: Split = 'train', options: ImageFolderOptions = {}): Promise<Dataset> =>
    imageFolder(join(folder, path), { size: 4, holdOut: 0, ...options }).open(split)

  test('classes are numbered as those to train with, and one that is none of them is refused', async () => {
    for (const name of ['a', 'b', 'c']) await images(`numbered/train/${name}`, 1)
    for (const name of ['b', 'c']) await images(`numbered/test/${name}`, 1)
    const tests = await open('numbered', 'test')
    expect([tests.classes, [...tests.labels!]]).toEqual([
      ['a', 'b', 'c'],
      [1, 2]
    ])
    await images('numbered/test/d', 1)
    await expect(open('numbered', 'test')).rejects.toThrow('to be of the classes a, b, c, got d. Move it away')
  })

  test('a limit takes the first of each class in turn, and few are the first of many', async () => {
    for (const [name, count] of Object.entries({ a: 5, b: 1, c: 3 })) await images(`limited/train/${name}`, count)
    const labels = async (limit: number): Promise<string> =>
      [...(await open('limited', 'train', { limit })).labels!].join('')
    expect(await Promise.all([1, 3, 4, 5, 8, 9, 99].map(labels))).toEqual([
      '0',
      '012',
      '0120',
      '01202',
      '01202020',
      '000001222',
      '000001222'
    ])
    const [two, all] = [await open('limited', 'train', { limit: 4 }), await open('limited')]
    expect(await two.read([3])).toEqual(await all.read([1]))
  })

  test('a folder with no parts is what is learned from, with classes or without', async () => {
    await images('whole/a', 2)
    await images('whole/b', 1)
    await images('flat', 3)
    expect((await open('whole')).classes).toEqual(['a', 'b'])
    const flat = await open('flat', 'train', { limit: 2 })
    expect([flat.size, flat.classes, [...flat.labels!]]).toEqual([2, [], [-1, -1]])
    await expect(open('flat', 'test')).rejects.toThrow(
      /imageFolder: expected images to test with in .*flat\/test, but there is no such folder/
    )
    await expect(open('nowhere')).rejects.toThrow(/imageFolder: expected a folder at .*nowhere\/train, but it cannot/)
  })

  test('parts by other names are none by chance', async () => {
    await images('cased/Train/a', 1)
    await images('cased/val/a', 1)
    await expect(open('cased')).rejects.toThrow(
      /expected a folder at .*cased\/train, got Train, val in .* Say which is which: imageFolder\('.*', \{ train:/
    )
    expect((await open('cased', 'test', { train: 'Train', test: 'val' })).size).toBe(1)
  })

  test('what is left out is told', async () => {
    await images('told/train/a', 1)
    await writeFile(join(folder, 'told/train/a/._0.png'), '')
    await writeFile(join(folder, 'told/train/a/notes.txt'), '')
    const warnings: string[] = []
    await imageFolder(join(folder, 'told'), { size: 4 }).open('train', { onWarning: told => warnings.push(told) })
    expect(warnings).toEqual([
      `${join(folder, 'told/train')}: left out 1 hidden, such as a/._0.png; 1 .txt, such as a/notes.txt.`
    ])
  })
})

test('the first of data in the order of their classes are of few, and that is told', async () => {
  const shape = [1, 1, 1] as const
  const labels = Int32Array.from({ length: 100 }, (_, i) => Math.floor(i / 10))
  const classes = Array.from({ length: 10 }, (_, i) => String(i))
  const sorted = inMemory({ name: 'sorted', classes, shape, images: new Uint8Array(100), labels })
  const told = async (limit: number): Promise<string[]> => {
    const warnings: string[] = []
    await dataOf({ name: 'mine', train: sorted }).open('train', { limit, onWarning: text => warnings.push(text) })
    return warnings
  }
  expect(await told(30)).toEqual(['sorted: the first 30 examples are of 3 of 10 classes. Take more, or mix them.'])
  expect(await told(60)).toEqual([])
})

test.each<[string, () => unknown, string]>([
  [
    'no data set',
    () => dataOf({ name: 'mine', train: 'cifar10' as never }),
    'dataOf: expected train to be a record or a'
  ],
  [
    'nothing',
    () => dataOf({ name: 'mine' } as never),
    'dataOf: expected a data set to train with, or what opens one, got'
  ],
  ['no name', () => dataOf({ train: drawShapes({ count: 8 }) } as never), 'dataOf: expected a name, got undefined.'],
  [
    'no path',
    () => imageFolder(7 as never, { size: 8 }),
    "imageFolder: expected the path of a folder, as in 'photos', got"
  ],
  ['no shards', () => webDataset(undefined as never, { size: 8 }), 'webDataset: expected a folder, or shards as'],
  [
    'data not opened',
    () => dataOf({ name: 'mine', train: shapes() as never }).open('train'),
    'dataOf: expected train to be a data set, or what opens one, got data that are not open.'
  ],
  [
    'a limit in words',
    () => shapes().open('train', { limit: '3' as never }),
    "shapes: expected limit to be a number, got '3'"
  ],
  [
    'an unknown option',
    () => shapes().open('train', { onprogress: 1 } as never),
    'got onprogress. Did you mean onProgress?'
  ]
])('%s is refused', async (_, make, message) => {
  await expect((async () => make())()).rejects.toThrow(message)
})

test('tar archives lie in a folder for each part, or are listed', async () => {
  await mkdir(join(folder, 'tars', 'train'), { recursive: true })
  await mkdir(join(folder, 'tars', 'test'))
  const shards = await Promise.all([0, 1].map(i => shard(join(folder, 'tars', 'train', `${i}.tar`), 2)))
  const told: OpenProgress[] = []
  const data = webDataset(join(folder, 'tars'), { size: 8, classes: ['red'] })
  const training = await data.open('train', { onProgress: progress => told.push(progress) })
  expect([training.size, training.classes]).toEqual([4, ['red']])
  expect(told.at(-1)).toEqual({ what: 'shards', done: 2, total: 2, unit: 'files' })
  await expect(data.open('test')).rejects.toThrow(`webDataset: expected tar archives in ${folder}`)
  const listed = webDataset({ train: shards, test: shards[0]! }, { size: 8 })
  expect([(await listed.open('train')).size, (await listed.open('test')).size]).toEqual([4, 2])
})
