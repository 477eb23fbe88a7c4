import '@tensorflow/tfjs-backend-cpu'
import { dispose, seeded } from '@lapstrake/core'
import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  classBalanced,
  grouped,
  inMemory,
  inOrder,
  loader,
  randomResizedCrop,
  subset,
  twoViews,
  UnreadableExample,
  type Dataset,
  type LoaderOptions,
  type Position,
  type Sampler
} from './index.ts'
import { openImageFolder } from './node.ts'

const views = twoViews(randomResizedCrop({ size: 2 }))
const size = 320
const batchSize = 24
/** One in a hundred of 320. */
const bad: readonly number[] = [17, 18, 200]

/** What a batch was, but for its pixels. */
interface Seen {
  readonly indices: readonly number[]
  readonly labels: readonly number[]
  readonly replaced: readonly (readonly number[])[]
  readonly newly: readonly number[]
  /** What the loader tells to save behind it. */
  readonly unreadable: readonly number[]
  readonly next: Position
}

async function take(
  dataset: Dataset,
  count: number,
  options: Partial<LoaderOptions> = {},
  from?: Position
): Promise<Seen[]> {
  const source = loader(dataset, { batchSize, random: seeded(3), views, ...options })
  const seen: Seen[] = []
  for await (const { batch, replaced, newlyUnreadable, next } of source.batches(from)) {
    seen.push({
      indices: [...batch.indices!.dataSync()],
      labels: [...batch.labels!.dataSync()],
      replaced: replaced.map(({ place, by }) => [place, by]),
      newly: newlyUnreadable.map(({ place }) => place),
      unreadable: [...source.unreadable],
      next
    })
    dispose(batch)
    if (seen.length === count) return seen
  }
  return seen
}

const plain = (): Dataset =>
  inMemory({
    name: 'numbers',
    classes: ['even', 'odd'],
    shape: [1, 1, 1],
    images: new Uint8Array(size),
    labels: Int32Array.from({ length: size }, (_, i) => i % 2)
  })

interface Damaged extends Dataset {
  readonly asked: number[][]
}

/** Refuses some places, and takes its time: so long for the reading that comes so many-th. */
function damaged(places: readonly number[], delay: (call: number) => number = () => 0): Damaged {
  const dataset = plain()
  const asked: number[][] = []
  return {
    ...dataset,
    asked,
    async read(wanted) {
      const call = asked.push(Array.from(wanted)) - 1
      await pause(delay(call))
      const [first, ...others] = [...new Set(Array.from(wanted))]
        .filter(place => places.includes(place))
        .map(place => ({ place, example: `${place}.png`, reason: 'it is not there' }))
      if (first !== undefined) throw new UnreadableExample([first, ...others])
      return dataset.read(wanted)
    }
  }
}

let folder: string
/** A folder in which one file is cut short, one is a pipe and one is gone since it was listed. */
let files: () => Promise<Dataset>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lapstrake-loader-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  await mkdir(join(folder, 'images', 'a'), { recursive: true })
  const colour = { width: 8, height: 8, channels: 3, background: '#00ff00' } as const
  const png = await sharp({ create: colour }).png().toBuffer()
  const file = (i: number): string => join(folder, 'images', 'a', `${String(i).padStart(3, '0')}.png`)
  for (let i = 0; i < size; i++) await writeFile(file(i), png)
  files = async () => {
    for (const i of bad) await rm(file(i), { force: true }).then(() => copyFile(file(0), file(i)))
    const dataset = await openImageFolder(join(folder, 'images'), { size: 4 })
    await writeFile(file(bad[0]!), png.subarray(0, 70))
    await rm(file(bad[1]!))
    execFileSync('mkfifo', [file(bad[1]!)])
    await rm(file(bad[2]!))
    return dataset
  }
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

describe('a damaged folder', () => {
  test('gives whole batches; none shows what cannot be read, or an example twice', async () => {
    const seen = await take(await files(), 26)
    const undamaged = await take(plain(), 26)
    for (const [i, { indices, replaced, newly }] of seen.entries()) {
      expect(new Set(indices).size).toBe(batchSize)
      const expected = undamaged[i]!.indices
      const lost = expected.filter(place => bad.includes(place))
      expect(replaced.map(([place]) => place)).toEqual(lost)
      for (const [place, by] of replaced) expect(indices[expected.indexOf(place!)]).toBe(by)
      expect(indices.filter((place, j) => place !== expected[j])).toEqual(replaced.map(([, by]) => by))
      expect(newly).toEqual(lost.filter(place => !seen.slice(0, i).some(({ newly }) => newly.includes(place))))
    }
    expect(seen.flatMap(({ newly }) => newly).sort((a, b) => a - b)).toEqual(bad)
    expect(seen.filter(({ replaced }) => replaced.length > 0).length).toBeGreaterThan(3)
  })

  const title = 'gives the same batches %s ahead, and from every position on with what was known there'
  test.each([0, 1, 2, 5, 40])(title, async ahead => {
    const whole = await take(await files(), 30)
    const dataset = await files()
    expect(await take(dataset, 30, { ahead })).toEqual(whole)
    for (const [i, { next, unreadable }] of whole.slice(0, -1).entries()) {
      expect(await take(dataset, 29 - i, { ahead, unreadable }, next)).toEqual(whole.slice(i + 1))
    }
  })
})

describe('which stand in', () => {
  const samplers: Readonly<Record<string, Sampler>> = {
    grouped: grouped({ size: 4 }),
    classBalanced: classBalanced({ perClass: 3 }),
    inOrder: inOrder()
  }
  const title = 'does not depend on how long any file takes, on ahead, or on what is known beforehand (%s)'
  test.each(Object.keys(samplers))(title, async name => {
    for (let seed = 0; seed < 12; seed++) {
      const random = seeded(seed)
      const places = [...random.split('bad').permutation(size).slice(0, 3)]
      const pauses = random.split('pauses').uniforms(997)
      const options = { sampler: samplers[name]!, random }
      const whole = await take(damaged(places), 30, { ...options, ahead: 0 })
      const slow = (): Dataset => damaged(places, call => 5 * pauses[call % 997]!)
      expect(await take(slow(), 30, { ...options, ahead: seed % 7 })).toEqual(whole)
      const informed = await take(damaged(places), 30, { ...options, unreadable: places })
      const shown = ({ indices, replaced }: Seen): unknown => [indices, replaced]
      expect(informed.map(shown)).toEqual(whole.map(shown))
      const cut = seed * 2
      const { unreadable, next } = whole[cut]!
      expect(await take(slow(), 29 - cut, { ...options, unreadable }, next)).toEqual(whole.slice(cut + 1))
    }
  })

  test('keeps tuples of a sampler whole', async () => {
    const seen = await take(damaged(bad), 26, { sampler: grouped({ size: 4 }) })
    for (const { indices } of seen) {
      for (let i = 0; i < batchSize; i += 4) {
        expect(indices.slice(i, i + 4)).toEqual([0, 1, 2, 3].map(j => indices[i]! + j))
      }
      expect(indices.some(place => bad.includes(place))).toBe(false)
    }
    const balanced = await take(damaged(bad), 26, { sampler: classBalanced({ perClass: 3 }) })
    for (const { labels } of balanced) {
      for (let i = 0; i < batchSize; i += 3) expect(new Set(labels.slice(i, i + 3)).size).toBe(1)
    }
  })

  test('a batch has the labels of those that stand in', async () => {
    const seen = await take(damaged(bad), 26)
    for (const { indices, labels } of seen) expect(labels).toEqual(indices.map(place => place % 2))
  })
})

describe('what is known to be unreadable', () => {
  test('is not read again, in any epoch', async () => {
    const dataset = damaged(bad)
    await take(dataset, 40, { ahead: 0 })
    const times = (place: number): number => dataset.asked.filter(places => places.includes(place)).length
    expect(bad.map(times)).toEqual([1, 1, 1])
    const told = damaged(bad)
    await take(told, 40, { unreadable: new Set(bad).values() })
    expect(told.asked.flat().some(place => bad.includes(place))).toBe(false)
  })

  test('is told as batches are given, not as they are read ahead', async () => {
    const source = loader(damaged([0, 150]), { batchSize, random: seeded(1), views, sampler: inOrder(), ahead: 20 })
    const told: number[][] = []
    for await (const { batch } of source.batches()) {
      await pause(5)
      told.push([...source.unreadable])
      dispose(batch)
      if (told.length === 8) break
    }
    expect(told).toEqual([[0], [0], [0], [0], [0], [0], [0, 150], [0, 150]])
  })

  test('must be places of the data set, and few', () => {
    const told =
      (...unreadable: number[]) =>
      () =>
        loader(plain(), { batchSize, random: seeded(1), views, unreadable })
    for (const place of [-1, 320, 0.5, NaN]) {
      expect(told(place)).toThrow(
        'loader: expected unreadable to hold places of numbers, each to be a whole number ' +
          `from 0 to 319, got ${place}.`
      )
    }
    expect(told(1, 2, 3, 4)).toThrow(
      'loader: expected at most one in a hundred of the 320 examples of numbers to be ' +
        'unreadable, got 4: number 1, number 2, number 3 and 1 more. Put good copies'
    )
  })
})

describe('more than one in a hundred', () => {
  const few = 'expected at most one in a hundred of the'
  test('is one error in the batch that finds it, with the first few and what to do', async () => {
    const message =
      `loader: ${few} 320 examples of numbers to be unreadable, got 4: 5.png (it is not there), ` +
      '30.png (it is not there), 60.png (it is not there) and 1 more. ' +
      'Put good copies in their place and go on, or remove them and begin anew.'
    for (const ahead of [0, 2, 10]) {
      const seen: number[] = []
      await expect(async () => {
        const dataset = damaged([5, 30, 60, 100])
        const source = loader(dataset, { batchSize, random: seeded(1), views, sampler: inOrder(), ahead })
        for await (const { batch, newlyUnreadable } of source.batches()) {
          seen.push(newlyUnreadable.length)
          dispose(batch)
        }
      }).rejects.toThrow(message)
      expect(seen).toEqual([1, 1, 1, 0])
    }
  })

  test('ends a run whose disk is gone, at once', async () => {
    const dataset = damaged(Array.from({ length: size }, (_, i) => i))
    await expect(take(dataset, 1)).rejects.toThrow(`${few} 320 examples of numbers to be unreadable, got 24: `)
    expect(dataset.asked.length).toBeLessThan(6)
    const ninetyNine = subset(damaged([5]), { count: 99 })
    await expect(take(ninetyNine, 8)).rejects.toThrow(
      `${few} 99 examples of numbers to be unreadable, got 1: 5.png (it is not there). `
    )
  })

  test('and tuples of which none can be read have no stand-in', async () => {
    const halves = { batchSize: 160, sampler: grouped({ size: 160 }) }
    await expect(take(damaged([5, 200]), 8, halves)).rejects.toThrow(
      'loader: expected 160 examples in a row that all can be read in numbers, got none: '
    )
  })
})

test('an error that names no place that was asked for ends the batch instead of asking again without end', async () => {
  const error = new UnreadableExample([{ place: 1000, example: 'x.png', reason: 'it is not there' }])
  const foreign: Dataset = { ...plain(), read: () => Promise.reject(error) }
  await expect(take(foreign, 1)).rejects.toThrow(
    'read: expected x.png to be an image, but it is not there. Put a good copy in its place.'
  )
})
