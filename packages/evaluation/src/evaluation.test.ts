import '@tensorflow/tfjs-backend-cpu'
import '@lapstrake/core'
import { networkOf, seeded, type Stage } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  collectFeatures,
  collectLevels,
  diagnose,
  linearProbe,
  nearestNeighbours,
  readStages,
  type Features
} from './index.ts'
import { minimise } from './minimise.ts'
import type { Readable } from './read-whole.ts'

/** Gaussian clouds around one centre for each class. */
function clouds(count: number, spread: number, seed: number, classes = 3, dim = 4): Features {
  const centres = seeded(99).normals(classes * dim)
  const noise = seeded(seed).normals(count * dim)
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes)
  return {
    dim,
    labels,
    values: noise.map((value, i) => centres[labels[Math.floor(i / dim)]! * dim + (i % dim)]! + spread * value)
  }
}

describe('minimise', () => {
  test('finds the minimum of a badly scaled quadratic', async () => {
    const scales = [1, 10, 1000]
    const { at, converged } = await minimise(
      async x => ({
        value: scales.reduce((sum, scale, i) => sum + (scale * (x[i]! - i) ** 2) / 2, 0),
        gradient: Float64Array.from(scales, (scale, i) => scale * (x[i]! - i))
      }),
      new Float64Array(3),
      { tolerance: 1e-8 }
    )
    expect(converged).toBe(true)
    at.forEach((value, i) => expect(value).toBeCloseTo(i, 6))
  })

  test('goes down the curved valley of Rosenbrock', async () => {
    const { at } = await minimise(
      async ([x, y]) => ({
        value: (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2,
        gradient: Float64Array.from([-2 * (1 - x!) - 400 * x! * (y! - x! ** 2), 200 * (y! - x! ** 2)])
      }),
      Float64Array.from([-1.2, 1]),
      { tolerance: 1e-8 }
    )
    at.forEach(value => expect(value).toBeCloseTo(1, 6))
  })
})

describe('linear probe', () => {
  test('tells clouds apart that are apart, and reaches convergence', async () => {
    const result = await linearProbe(clouds(300, 0.2, 1), clouds(300, 0.2, 2))
    expect(result.accuracy).toBeGreaterThan(0.99)
    expect(result.converged).toBe(true)
  })

  test('finds nothing where labels are random', async () => {
    const random = (seed: number): Features => ({
      dim: 4,
      values: seeded(seed).normals(1200),
      labels: Int32Array.from(seeded(seed + 10).uniforms(300), u => Math.floor(u * 3))
    })
    const { accuracy } = await linearProbe(random(1), random(2))
    expect(accuracy).toBeGreaterThan(0.2)
    expect(accuracy).toBeLessThan(0.47)
  })

  test('does not care how features are scaled or shifted, and is the same at every call', async () => {
    const [train, test] = [clouds(200, 1, 1), clouds(200, 1, 2)]
    const moved = (features: Features): Features => ({
      ...features,
      values: features.values.map((value, i) => value * 10 ** ((i % 4) - 2) + 5)
    })
    const plain = await linearProbe(train, test)
    expect(await linearProbe(train, test)).toEqual(plain)
    expect((await linearProbe(moved(train), moved(test))).accuracy).toBeCloseTo(plain.accuracy, 1.9)
  })
})

test('weighted neighbours agree with plain loops', async () => {
  const [train, test] = [clouds(60, 1.5, 1), clouds(40, 1.5, 2)]
  const row = ({ values, dim }: Features, i: number): number[] => [...values.subarray(i * dim, (i + 1) * dim)]
  const cosine = (a: number[], b: number[]): number =>
    a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b)
  let right = 0
  for (let i = 0; i < 40; i++) {
    const nearest = Array.from({ length: 60 }, (_, j) => ({
      label: train.labels[j]!,
      s: cosine(row(test, i), row(train, j))
    }))
      .sort((a, b) => b.s - a.s)
      .slice(0, 7)
    const votes = [0, 0, 0]
    for (const { label, s } of nearest) votes[label]! += Math.exp(s / 0.1)
    if (votes.indexOf(Math.max(...votes)) === test.labels[i]) right++
  }
  expect(await nearestNeighbours(train, test, { k: 7, temperature: 0.1, batchSize: 16 })).toBe(right / 40)
})

describe('features of a data set', () => {
  const dataset: Readable<Image> = {
    size: 7,
    read: async indices =>
      Array.from(indices, place => ({
        image: Array.from({ length: 32 }, (_, i) => (place * 30 + i) % 256),
        label: place % 2
      })),
    collate: images => collateImages(images, [4, 4, 2])
  }
  const pixels = (images: tf.Tensor): tf.Tensor => tf.clone(images)

  test('come row by row, whatever the batches, and leave nothing behind', async () => {
    const before = tf.memory().numTensors
    const all = await collectFeatures(dataset, pixels, { pool: 'flatten' })
    expect(await collectFeatures(dataset, pixels, { pool: 'flatten', batchSize: 3 })).toEqual(all)
    expect([all.dim, [...all.labels]]).toEqual([32, [0, 1, 0, 1, 0, 1, 0]])
    expect(all.values[3 * 32 + 5]).toBeCloseTo((90 + 5) / 255, 6)
    expect(tf.memory().numTensors).toBe(before)
  })

  /** Two hundred examples, of which some cannot be read. */
  const damaged = (bad: readonly number[]): Readable<Image> => ({
    ...dataset,
    size: 200,
    async read(indices) {
      const unreadable = Array.from(indices)
        .filter(place => bad.includes(place))
        .map(place => ({ place, example: `${place}.png`, reason: 'it is not there' }))
      if (unreadable.length === 0) return dataset.read(indices)
      throw Object.assign(new Error('one cannot be read'), { name: 'UnreadableExample', unreadable })
    }
  })

  test('examples that cannot be read have no row and are given back', async () => {
    const whole = await collectFeatures(damaged([]), pixels, { batchSize: 32 })
    expect([whole.labels.length, whole.unreadable]).toEqual([200, []])
    const progress: number[] = []
    const onProgress = (done: number): void => {
      progress.push(done)
    }
    const rest = await collectFeatures(damaged([2, 103]), pixels, { batchSize: 32, onProgress })
    expect(rest.unreadable).toEqual([
      { place: 2, example: '2.png', reason: 'it is not there' },
      { place: 103, example: '103.png', reason: 'it is not there' }
    ])
    const without = (values: ArrayLike<number>, each: number): number[] =>
      Array.from(values).filter((_, i) => ![2, 103].includes(Math.floor(i / each)))
    expect([...rest.labels]).toEqual(without(whole.labels, 1))
    expect([rest.dim, [...rest.values]]).toEqual([2, without(whole.values, 2)])
    expect(progress).toEqual([32, 64, 96, 128, 160, 192, 200])
  })

  test('more than one in a hundred that cannot be read are one error, with the first few', async () => {
    const words = 'collectFeatures: expected at most one in a hundred of 200 examples to be unreadable, got'
    await expect(collectFeatures(damaged([2, 103, 199]), pixels)).rejects.toThrow(
      `${words} 3: 2.png (it is not there), 103.png (it is not there), 199.png (it is not there). Put good copies`
    )
    const gone = Array.from({ length: 200 }, (_, i) => i)
    await expect(collectFeatures(damaged(gone), pixels, { batchSize: 20 })).rejects.toThrow(`${words} 20: 0.png (`)
  })

  test('an error that is of no example comes through', async () => {
    const broken = { ...dataset, read: () => Promise.reject(new Error('too many open files')) }
    await expect(collectFeatures(broken, pixels)).rejects.toThrow('too many open files')
    const foreign = Object.assign(new Error('of another'), { name: 'UnreadableExample', unreadable: [{ place: 70 }] })
    const wrong = { ...dataset, read: () => Promise.reject(foreign) }
    await expect(collectFeatures(wrong, pixels)).rejects.toThrow('of another')
    await expect(collectFeatures({ ...dataset, size: 0 }, pixels)).rejects.toThrow('expected examples, got none.')
  })

  test('maps become their mean, or the means of a grid', async () => {
    const { values: flat } = await collectFeatures(dataset, pixels, { pool: 'flatten' })
    const mean = await collectFeatures(dataset, pixels)
    expect(mean.dim).toBe(2)
    expect(mean.values[0]).toBeCloseTo(
      flat
        .slice(0, 32)
        .filter((_, i) => i % 2 === 0)
        .reduce((a, b) => a + b) / 16,
      6
    )
    const grid = await collectFeatures(dataset, pixels, { pool: { grid: 2 } })
    expect(grid.dim).toBe(8)
    expect(grid.values[0]).toBeCloseTo((flat[0]! + flat[2]! + flat[8]! + flat[10]!) / 4, 6)
    await expect(collectFeatures(dataset, pixels, { pool: { grid: 5 } })).rejects.toThrow('expected a grid from 1 to 4')
  })

  test('an encoder gets the constants that are beside the input', async () => {
    const masked: Readable<Image> = {
      ...dataset,
      collate: images => {
        const { input, labels } = dataset.collate(images)
        return { input, labels, context: { mask: tf.fill([images.length, 1], 0.5) } }
      }
    }
    const { values, dim } = await collectFeatures(masked, (_, context) =>
      tf.clone((context as { mask: tf.Tensor }).mask)
    )
    expect([dim, [...values]]).toEqual([1, new Array(7).fill(0.5)])
  })

  test('labels that are no classes are refused', async () => {
    const boxes = {
      ...dataset,
      collate: (images: readonly Image[]) => ({ ...dataset.collate(images), labels: tf.zeros([images.length, 4]) })
    }
    await expect(collectFeatures(boxes, pixels)).rejects.toThrow(
      'collectFeatures: expected one label for each of 7 examples, got 28 numbers.'
    )
  })

  const rowsOfOnes = (rows: number): tf.Tensor => tf.ones([rows, 2])

  test.each<[string, (images: readonly Image[]) => unknown, string]>([
    ['nothing', () => undefined, 'the input of ours as a living tensor with 7 rows, one for each example, got none.'],
    ['a promise', async () => ({}), 'expected collate of ours to give tensors, got a promise. Await in read.'],
    [
      'a list',
      () => ({ input: [1, 2] }),
      'the input of ours as a living tensor with 7 rows, one for each example, got a list of 2.'
    ],
    ['another batch', () => ({ input: rowsOfOnes(3) }), 'got shape [3, 2]. Make a row of each example.'],
    ['labels of another batch', () => ({ input: rowsOfOnes(7), labels: tf.zeros([3], 'int32') }), 'the labels of ours'],
    [
      'a context of another batch',
      () => ({ input: rowsOfOnes(7), context: { mask: tf.ones([1]) } }),
      'context.mask of ours'
    ]
  ])('a collate that gives %s is refused by name', async (_, collate, words) => {
    const before = tf.memory().numTensors
    const wrong = { ...dataset, name: 'ours', collate } as Readable<Image>
    await expect(collectFeatures(wrong, pixels)).rejects.toThrow(words)
    await expect(collectLevels(wrong, input => [input])).rejects.toThrow(words)
    expect(tf.memory().numTensors).toBe(before)
  })

  test.each<[unknown, string]>([
    [undefined, 'got none.'],
    [[], 'got a list of 0.'],
    ['all', 'got string.']
  ])('a read that gives %j is refused by name', async (read, got) => {
    const wrong = { ...dataset, name: 'ours', read: async () => read } as Readable<Image>
    await expect(collectFeatures(wrong, pixels)).rejects.toThrow(
      `collectFeatures: expected read of ours to give a list of 7 examples, one for each place, ${got}`
    )
  })

  test('a data set may keep what it collates', async () => {
    const [input, labels] = [tf.keep(tf.ones([7, 2])), tf.keep(tf.ones([7], 'int32'))]
    const keeping: Readable<Image> = { ...dataset, collate: () => ({ input, labels }) }
    await collectFeatures(keeping, images => tf.clone(images))
    await collectFeatures(keeping, images => images)
    expect([input.isDisposed, labels.isDisposed]).toEqual([false, false])
    tf.dispose([input, labels])
  })

  test('features that nobody names classes of need no labels, of an instance of a class either', async () => {
    class Unlabelled implements Readable<Image> {
      size = dataset.size
      read(places: ArrayLike<number>): Promise<readonly Image[]> {
        return dataset.read(places)
      }
      collate(images: readonly Image[]): { input: tf.Tensor } {
        return { input: dataset.collate(images.slice(0, this.size)).input }
      }
    }
    const { values, labels } = await collectFeatures(new Unlabelled(), pixels, { labels: false })
    expect([...labels]).toEqual(new Array(7).fill(-1))
    expect([...values]).toEqual([...(await collectFeatures(dataset, pixels)).values])
    await expect(collectFeatures(new Unlabelled(), pixels)).rejects.toThrow('has no label. Take labelled data')
  })

  test('an example without a label is named', async () => {
    const unlabelled = {
      ...dataset,
      read: async (places: ArrayLike<number>) =>
        (await dataset.read(places)).map(({ image }, i) => ({ image, label: places[i] === 4 ? -1 : 0 }))
    }
    await expect(collectFeatures(unlabelled, pixels)).rejects.toThrow(
      'collectFeatures: expected labelled examples, but example 4 has no label.'
    )
  })
})

describe('what no classifier can read', () => {
  const train = clouds(10, 1, 1)
  const spoilt = (value: number): Features => ({ ...train, values: train.values.map((v, i) => (i === 13 ? value : v)) })

  test.each([NaN, Infinity, -Infinity])(
    'features of %d are refused, with the first example that has one',
    async value => {
      for (const [who, read] of [
        ['linearProbe', linearProbe],
        ['nearestNeighbours', nearestNeighbours]
      ] as const) {
        const words = `expected finite features, got ${value} in those of`
        await expect(read(spoilt(value), train)).rejects.toThrow(`${who}: ${words} training example 3.`)
        await expect(read(train, spoilt(value))).rejects.toThrow(`${who}: ${words} test example 3.`)
      }
    }
  )

  test.each<[Partial<Features>, string]>([
    [
      { labels: train.labels.slice(1) },
      'of 4 numbers for each of 9 labels, got 40 numbers. Give a row for every label.'
    ],
    [{ labels: train.labels.map((l, i) => (i === 2 ? -1 : l)) }, 'whole numbers of 0 or more, got -1 for example 2.'],
    [{ labels: new Int32Array(), values: new Float32Array() }, 'of 4 numbers for each of 0 labels, got 0 numbers.']
  ])('labels that do not fit are refused: %j', async (wrong, words) => {
    for (const read of [linearProbe, nearestNeighbours] as const) {
      await expect(read({ ...train, ...wrong }, train)).rejects.toThrow(words)
      await expect(read(train, { ...train, ...wrong })).rejects.toThrow(words)
    }
  })

  test('what are no features is refused', async () => {
    const nothing = undefined as unknown as Features
    await expect(linearProbe(nothing, train)).rejects.toThrow(
      'linearProbe: expected training features { values, labels, dim }, as collectFeatures gives them.'
    )
    await expect(nearestNeighbours(train, nothing)).rejects.toThrow('nearestNeighbours: expected test features {')
  })
})

test('the nearest neighbour alone votes at a temperature near 0, and no temperature overflows', async () => {
  const [train, test] = [clouds(60, 1, 1), clouds(60, 1, 2)]
  const first = await nearestNeighbours(train, test, { k: 1 })
  for (const temperature of [1e-3, 1e-6, 1e-30])
    expect(await nearestNeighbours(train, test, { k: 20, temperature })).toBe(first)
})

test.each([1e30, 1e-30])('neighbours are those of the directions, also of features times %d', async factor => {
  const [train, test] = [clouds(60, 1, 1), clouds(60, 1, 2)]
  const times = (features: Features): Features => ({ ...features, values: features.values.map(v => v * factor) })
  expect(await nearestNeighbours(times(train), times(test))).toBe(await nearestNeighbours(train, test))
})

test('clear errors', async () => {
  const train = clouds(10, 1, 1)
  await expect(linearProbe(train, { ...train, dim: 2 })).rejects.toThrow(
    'linearProbe: expected features of one length, got 4 numbers for training and 2 for testing.'
  )
  await expect(linearProbe({ ...train, labels: new Int32Array(10) }, train)).rejects.toThrow(
    'linearProbe: expected two classes or more, got 1.'
  )
  await expect(nearestNeighbours(train, { ...train, labels: new Int32Array(10).fill(7) })).rejects.toThrow(
    'nearestNeighbours: expected test labels below 3, as in training, got 7.'
  )
  await expect(nearestNeighbours(train, train, { k: 0 })).rejects.toThrow(
    'nearestNeighbours: expected k of 1 or more, got 0.'
  )
  for (const batchSize of [0, -1, 0.5, NaN, Infinity]) {
    const words = `expected a batch size that is a whole number above 0, got ${batchSize}. Try 250.`
    await expect(nearestNeighbours(train, train, { batchSize })).rejects.toThrow(`nearestNeighbours: ${words}`)
    const empty: Readable<Image> = {
      size: 1,
      read: () => Promise.reject(new Error('read')),
      collate: images => collateImages(images, [1, 1, 1])
    }
    const collected = collectFeatures(empty, images => images.clone(), { batchSize })
    await expect(collected).rejects.toThrow(`collectFeatures: ${words}`)
  }
  for (const validation of [0, 1, -0.1, NaN]) {
    const probed = linearProbe(train, train, { validation })
    await expect(probed).rejects.toThrow('linearProbe: expected a validation part between 0 and 1, got ')
  }
  for (const strengths of [[], [-1], [NaN], [Infinity]]) {
    const probed = linearProbe(train, train, { strengths })
    await expect(probed).rejects.toThrow('linearProbe: expected strengths of 0 or above, got ')
  }
})

describe('diagnose', () => {
  const rows = (seed: number, count = 400, dim = 8): tf.Tensor2D => seeded(seed).normal([count, dim]) as tf.Tensor2D

  test('sees embeddings that spread evenly: all dimensions in use, far apart', async () => {
    const spread = rows(1)
    const { positiveSimilarity, negativeSimilarity, alignment, uniformity, topOne, deviation, effectiveRank } =
      await diagnose([spread, spread])
    expect(positiveSimilarity).toBeCloseTo(1, 5)
    expect(negativeSimilarity).toBeCloseTo(0, 1)
    expect(alignment).toBeCloseTo(0, 5)
    expect(uniformity).toBeLessThan(-2.5)
    expect(topOne).toBe(1)
    expect(deviation).toBeCloseTo(1 / Math.sqrt(8), 1)
    expect(effectiveRank).toBeGreaterThan(7.9)
  })

  test('sees collapse: everything equal, one dimension', async () => {
    const same = tf.ones<tf.Rank.R2>([20, 8])
    const { negativeSimilarity, uniformity, deviation, effectiveRank } = await diagnose([same, same])
    expect(negativeSimilarity).toBeCloseTo(1, 5)
    expect(uniformity).toBeCloseTo(0, 4)
    expect(deviation).toBeCloseTo(0, 3)
    expect(effectiveRank).toBeCloseTo(1, 5)
  })

  test('sees that only some dimensions are in use, also with fewer examples than dimensions', async () => {
    const flat = tf.matMul(rows(2, 400, 3), rows(3, 3, 8)) as tf.Tensor2D
    expect((await diagnose([flat, flat])).effectiveRank).toBeLessThan(3.01)
    const few = rows(4, 4, 64)
    expect((await diagnose([few, few])).effectiveRank).toBeLessThan(4.01)
  })

  test('leaves nothing behind, and wants two views', async () => {
    const spread = rows(1)
    const before = tf.memory().numTensors
    await diagnose([spread, spread])
    expect(tf.memory().numTensors).toBe(before)
    await expect(diagnose([spread, rows(1, 3)])).rejects.toThrow(
      'diagnose: expected two views [batch, dim] of two examples or more, got [400, 8] and [3, 8].'
    )
  })
})

describe('the readout of every stage', () => {
  const network = networkOf({ stages: [scaled(2), scaled(0), scaled(3)] }, [2, 2, 1])
  const variables = network.init(seeded(0))
  const images = (seed: number, count = 40): Readable<Image> => {
    const noise = seeded(seed).bits(4 * count)
    return {
      size: count,
      read: async places =>
        Array.from(places, place => ({
          image: [0, 1, 2, 3].map(i => 120 * (place % 2) + (noise[4 * place + i]! % 100)),
          label: place % 2
        })),
      collate: images => collateImages(images, [2, 2, 1])
    }
  }

  test('tells what each knows: all of it in the images, nothing behind a stage that loses it', async () => {
    const before = tf.memory().numTensors
    const { readouts, unreadable } = await readStages(network, variables, { train: images(1), test: images(2), k: 5 })
    expect(readouts.map(({ level }) => level)).toEqual([0, 1, 2, 3])
    expect(readouts.slice(0, 2).map(({ linear }) => linear)).toEqual([1, 1])
    expect(readouts[2]!.linear).toBe(0.5)
    expect(unreadable).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
  })

  test('reads the levels asked for, in their order, without probes where none are wanted', async () => {
    const options = { train: images(1), test: images(2), levels: [3, 1], linear: false, k: 5 }
    const { readouts } = await readStages(network, variables, options)
    expect(readouts.map(({ level, linear }) => [level, linear])).toEqual([
      [3, undefined],
      [1, undefined]
    ])
    await expect(readStages(network, variables, { ...options, levels: [] })).rejects.toThrow(
      'readStages: expected one level or more to read, got none.'
    )
    await expect(readStages(network, variables, { ...options, levels: [4] })).rejects.toThrow(
      'expected a level of 0 to 3'
    )
  })

  test('refuses numbers of labels before it reads anything', async () => {
    const unread = { ...images(1), read: () => Promise.reject(new Error('read')) }
    const of = (labels: readonly number[], draws?: number): ReturnType<typeof readStages> =>
      readStages(network, variables, { train: unread, test: unread, labels, draws })
    await expect(of([1, 1.5])).rejects.toThrow('readStages: expected labels of each class, a whole number, or a part')
    await expect(of([1], 0)).rejects.toThrow('readStages: expected draws of 1 or more, a whole number, got 0. Try 5.')
    await expect(of([1])).rejects.toThrow('read')
  })

  test('refuses an encoder that gives other rows', async () => {
    await expect(collectLevels(images(1), x => [tf.clone(x), tf.slice(x, 0, 3)])).rejects.toThrow(
      'collectFeatures: expected 40 rows of an encoder, one for each example, got [3, 2, 2, 1].'
    )
  })
})

function scaled(factor: number): Stage {
  return {
    name: `times ${factor}`,
    init: (_, shape) => ({ params: {}, buffers: {}, outputShape: shape }),
    apply: (_, x) => ({ output: tf.mul(x, factor), buffers: {} })
  }
}

interface Image {
  readonly image: readonly number[]
  readonly label: number
}

const collateImages = (images: readonly Image[], shape: readonly number[]): ReturnType<Readable['collate']> => ({
  input: tf.div(
    tf.tensor(
      images.flatMap(({ image }) => image),
      [images.length, ...shape],
      'int32'
    ),
    255
  ),
  labels: images.every(({ label }) => label >= 0)
    ? tf.tensor1d(
        images.map(({ label }) => label),
        'int32'
      )
    : undefined
})
