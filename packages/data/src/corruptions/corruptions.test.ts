import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { corrupt, corruptionKinds, type CorruptionKind } from '../index.ts'
import { plasma } from './fog.ts'

/** Smooth, as photographs are, with an edge. */
const images = tf.tidy(() => {
  const waves = tf.image.resizeBilinear(seeded(1).uniform([4, 4, 4, 3]) as tf.Tensor4D, [24, 20], false, true)
  return tf.concat([waves, tf.mul(waves, 0.5)], 1) as tf.Tensor4D // [4, 48, 20, 3]
})
const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()]
const change = (kind: CorruptionKind, severity: number): number =>
  numbers(tf.mean(tf.abs(tf.sub(corrupt({ kind, severity })(images, seeded(2)), images))))[0]!

const isDrawn = (kind: CorruptionKind): boolean => /Noise|glass|motion|snow|fog|elastic/.test(kind)

describe.each(corruptionKinds)('%s', kind => {
  const worst = corrupt({ kind, severity: 5 })

  test('gives the same pixels for the same seed; where it is drawn, others for another and for each image', () => {
    const same = tf.tile(tf.slice(images, 0, 1), [2, 1, 1, 1]) as tf.Tensor4D
    const first = numbers(worst(same, seeded(1)))
    expect(numbers(worst(same, seeded(1)))).toEqual(first)
    const half = first.length / 2
    if (isDrawn(kind)) {
      expect(numbers(worst(same, seeded(2)))).not.toEqual(first)
      expect(first.slice(0, half)).not.toEqual(first.slice(half))
    } else expect(first.slice(0, half)).toEqual(first.slice(half))
  })

  test('stays within 0 and 1, keeps the shape, leaves the images alone and nothing behind', () => {
    const before = [tf.memory().numTensors, ...numbers(images)]
    for (const strengths of ['cifar', 'imagenet'] as const) {
      const result = corrupt({ kind, severity: 3, strengths })(images, seeded(3))
      expect(numbers(result).every(value => value >= 0 && value <= 1)).toBe(true)
      expect(result.shape).toEqual([4, 48, 20, 3])
      result.dispose()
    }
    expect([tf.memory().numTensors, ...numbers(images)]).toEqual(before)
  })

  test('takes images of one pixel and of three rows, values beyond 0 and 1, and none at all', () => {
    const wild = tf.reshape(tf.linspace(-1, 3, 2 * 3 * 30 * 3), [2, 3, 30, 3]) as tf.Tensor4D
    const ones = tf.ones([1, 1, 1, 3]) as tf.Tensor4D
    for (const strengths of ['cifar', 'imagenet'] as const)
      for (const some of [wild, ones, tf.slice(wild, 0, 0)]) {
        const found = corrupt({ kind, severity: 5, strengths })(some, seeded(1))
        expect(found.shape).toEqual(some.shape)
        expect(numbers(found).every(value => value >= 0 && value <= 1)).toBe(true)
      }
  })

  test('takes grey images, or refuses them by name', () => {
    const gray = tf.mean(images, 3, true) as tf.Tensor4D
    if (kind === 'saturate')
      expect(() => worst(gray, seeded(1))).toThrow('corrupt: expected images of 3 channels to saturate, got 1.')
    else expect(worst(gray, seeded(1)).shape).toEqual([4, 48, 20, 1])
  })

  test('is worse at severity 5 than at 1, and does something at each', () => {
    const changes = [1, 2, 3, 4, 5].map(severity => change(kind, severity))
    expect(Math.min(...changes)).toBeGreaterThan(1e-6)
    // Where the authors' own parameters go down: a field instead of a slant, colours taken away, then added.
    if (!['elastic', 'saturate'].includes(kind)) expect(changes[4]).toBeGreaterThan(changes[0]!)
  })
})

describe('noises have the moments of their definitions', () => {
  const flat = tf.fill([4, 40, 40, 3], 0.4) as tf.Tensor4D
  const moments = (kind: CorruptionKind, severity: number): readonly number[] => {
    const { mean, variance } = tf.moments(corrupt({ kind, severity })(flat, seeded(1)))
    return [numbers(mean)[0]!, Math.sqrt(numbers(variance)[0]!)]
  }
  test.each([
    ['gaussianNoise', 5, 0.4, 0.1],
    ['speckleNoise', 5, 0.4, 0.2 * 0.4],
    ['shotNoise', 1, 0.4, Math.sqrt(0.4 / 500)],
    ['shotNoise', 5, 0.4, Math.sqrt(0.4 / 50)],
    [
      'impulseNoise',
      5,
      0.93 * 0.4 + 0.035,
      Math.sqrt(0.035 * (0.4 - 0.407) ** 2 + 0.035 * 0.407 ** 2 + 0.035 * 0.593 ** 2)
    ]
  ] as const)('%s at %d', (kind, severity, mean, deviation) => {
    const found = moments(kind, severity)
    expect(Math.abs(found[0]! - mean)).toBeLessThan(0.002)
    expect(found[1]! / deviation).toBeCloseTo(1, kind === 'impulseNoise' ? 0 : 1)
  })

  test('shots of white are counted, and none of black', () => {
    const ends = tf.concat([tf.zeros([1, 30, 30, 1]), tf.ones([1, 30, 30, 1])]) as tf.Tensor4D
    const counts = numbers(tf.mul(corrupt({ kind: 'shotNoise', severity: 5 })(ends, seeded(1)), 50))
    for (const count of counts) expect(Math.abs(count - Math.round(count))).toBeLessThan(1e-4)
    expect(Math.max(...counts.slice(0, 900))).toBe(0)
  })
})

test('tones follow their definitions in HSV', () => {
  const pixel = tf.tensor4d([0.2, 0.4, 0.3], [1, 1, 1, 3])
  const of = (kind: CorruptionKind, severity: number): number[] =>
    numbers(corrupt({ kind, severity })(pixel, seeded(1)))
  // V from 0.4 to 0.5: all times 1.25.
  of('brightness', 2).forEach((value, i) => expect(value).toBeCloseTo([0.25, 0.5, 0.375][i]!, 5))
  // S from 0.5 to 0.15: the distance to V times 0.3.
  of('saturate', 1).forEach((value, i) => expect(value).toBeCloseTo([0.34, 0.4, 0.37][i]!, 5))
  of('contrast', 5).forEach((value, i) => expect(value).toBeCloseTo([0.2, 0.4, 0.3][i]!, 5))
})

test('contrast keeps a part of the distance to the mean of a channel', () => {
  const pair = tf.tensor4d([0, 1], [1, 1, 2, 1])
  numbers(corrupt({ kind: 'contrast', severity: 2 })(pair, seeded(1))).forEach((value, i) =>
    expect(value).toBeCloseTo([0.25, 0.75][i]!, 6)
  )
})

test('pixelating to half and back makes squares of two by two, each their mean', () => {
  const found = corrupt({ kind: 'pixelate', severity: 2, strengths: 'imagenet' })(images, seeded(1))
  const means = tf.image.resizeNearestNeighbor(tf.avgPool(images, 2, 2, 'valid'), [48, 20])
  const expected = numbers(means)
  numbers(found).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5))
})

describe.each([
  ['grey', 1, 0.2],
  ['coloured', 3, 0.3]
] as const)('%s images', (_, channels, part) => {
  test.each([1, 3, 5])('lose by jpeg of severity %d what they lose by a codec', async severity => {
    const image = tf.slice(images, [0, 0, 0, 0], [1, -1, -1, channels])
    const pixels = numbers(image).map(value => Math.round(255 * value))
    const colours = channels === 1 ? 'b-w' : 'srgb'
    const file = await sharp(Uint8Array.from(pixels), { raw: { width: 20, height: 48, channels } })
      .toColourspace(colours)
      .jpeg({ quality: [80, 65, 58, 50, 40][severity - 1]!, chromaSubsampling: '4:2:0' })
      .toBuffer()
    const decoded = await sharp(file).toColourspace(colours).raw().toBuffer()
    expect(decoded).toHaveLength(pixels.length)
    const ours = numbers(corrupt({ kind: 'jpeg', severity })(image, seeded(1))).map(value => 255 * value)
    const distance = (from: ArrayLike<number>): number =>
      ours.reduce((sum, value, i) => sum + Math.abs(value - from[i]!), 0) / ours.length
    // Of colours both round what lies between, each in its own way.
    expect(distance(decoded)).toBeLessThan(part * distance(pixels))
  })
})

test('blurs leave a flat image flat', () => {
  const flat = tf.fill([2, 21, 30, 3], 0.3) as tf.Tensor4D
  for (const kind of corruptionKinds.filter(name => name.endsWith('Blur')))
    for (const severity of [1, 5])
      for (const value of numbers(corrupt({ kind, severity })(flat, seeded(1)))) expect(value).toBeCloseTo(0.3, 3)
})

test('plasma fills the range, goes on at its edges and is finer where it decays less', () => {
  const roughness = (decay: number): number => {
    const heights = plasma(32, decay, seeded(1))
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([0, 1])
    const at = (y: number, x: number): number => heights[32 * y + (x & 31)]!
    let sum = 0
    heights.forEach((height, i) => (sum += Math.abs(at(i >> 5, i - 1) - 2 * height + at(i >> 5, i + 1))))
    return sum
  }
  expect(roughness(1.75)).toBeGreaterThan(1.5 * roughness(3))
})

test('images of more than 64 pixels are corrupted as those of ImageNet-C', () => {
  const large = tf.ones([1, 65, 4, 3]) as tf.Tensor4D
  const draw = (strengths?: 'imagenet'): number[] =>
    numbers(corrupt({ kind: 'impulseNoise', severity: 5, strengths })(large, seeded(1)))
  expect(draw()).toEqual(draw('imagenet'))
})

test.each([
  [() => corrupt({ kind: 'frost' as 'fog', severity: 1 }), "corrupt: expected kind to be 'gaussianNoise' or "],
  [() => corrupt({ kind: 'fog', severity: 0 }), 'corrupt: expected severity to be a whole number from 1 to 5, got 0.'],
  [() => corrupt({ severity: 1 } as never), "corrupt: expected a kind, such as 'gaussianNoise', got none. Choose one."],
  [
    () => corrupt({ kind: 'fog', severity: 1 })(tf.zeros([2, 3, 3]) as unknown as tf.Tensor4D, seeded(1)),
    'corrupt: expected images as a living float32 tensor [batch, height, width, channels], got a tensor of shape'
  ]
])('%s', (act, message) => expect(act).toThrow(message))
