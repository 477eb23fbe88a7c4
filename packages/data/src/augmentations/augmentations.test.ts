import '@tensorflow/tfjs-backend-cpu'
import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import {
  autoAugment,
  colorJitter,
  compose,
  gaussianBlur,
  multiCrop,
  randAugment,
  randomResizedCrop,
  simclr,
  solarize,
  twoViews,
  viewsOf,
  type Augment
} from '../index.ts'

const images = seeded(1).uniform([4, 9, 9, 3]) as tf.Tensor4D
const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()]
const close = (a: tf.Tensor, b: tf.Tensor, digits = 5): void => {
  const expected = numbers(b)
  numbers(a).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, digits))
}

describe.each<[string, Augment]>([
  ['randomResizedCrop', randomResizedCrop({ size: 9 })],
  ['colorJitter', colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1, grayscale: 0.2 })],
  ['gaussianBlur', gaussianBlur({ size: 3, probability: 1 })],
  ['solarize', solarize({ probability: 1 })],
  ['randAugment', randAugment()],
  ['autoAugment for cifar10', autoAugment({ policy: 'cifar10' })],
  ['autoAugment for imagenet', autoAugment({ policy: 'imagenet' })],
  ['autoAugment for svhn', autoAugment({ policy: 'svhn' })],
  ['simclr for imagenet', simclr({ size: 9, preset: 'imagenet' })],
  ['simclr for cifar', simclr({ size: 9, preset: 'cifar' })]
])('%s', (_, augment) => {
  test('gives the same pixels for the same seed, others for another, other for each example', () => {
    const same = tf.tile(tf.slice(images, 0, 1), [4, 1, 1, 1]) as tf.Tensor4D
    const first = numbers(augment(same, seeded(1)))
    expect(numbers(augment(same, seeded(1)))).toEqual(first)
    if (_ === 'solarize') return
    expect(numbers(augment(same, seeded(2)))).not.toEqual(first)
    expect(first.slice(0, 243)).not.toEqual(first.slice(243, 486))
  })

  test('stays within 0 and 1, leaves the images alone and nothing behind', () => {
    const before = [tf.memory().numTensors, ...numbers(images)]
    const result = augment(images, seeded(3))
    expect(numbers(result).every(value => value >= -1e-6 && value <= 1 + 1e-6)).toBe(true)
    expect(result.shape).toEqual([4, 9, 9, 3])
    result.dispose()
    expect([tf.memory().numTensors, ...numbers(images)]).toEqual(before)
  })

  test('a batch of none is changed to one of its own', () => {
    const none = tf.zeros([0, 9, 9, 3]) as tf.Tensor4D
    const result = augment(none, seeded(1))
    expect(result.shape).toEqual([0, 9, 9, 3])
    result.dispose()
    expect(none.isDisposed).toBe(false)
  })
})

test('a crop of everything, never flipped, is the image; always flipped, its mirror image', () => {
  const whole = { size: 9, scale: [1, 1], ratio: [1, 1] } as const
  close(randomResizedCrop({ ...whole, flip: 0 })(images, seeded(1)), images)
  close(randomResizedCrop({ ...whole, flip: 1 })(images, seeded(1)), tf.reverse(images, 2))
})

test('crops keep to their scale and ratio', () => {
  // On a ramp the values at the corners tell the box.
  const ramp = tf.tile(tf.reshape(tf.linspace(0, 1, 101), [1, 1, 101, 1]), [200, 101, 1, 1]) as tf.Tensor4D
  const both = tf.concat([ramp, tf.transpose(ramp, [0, 2, 1, 3])], 3) as tf.Tensor4D
  const crops = randomResizedCrop({ size: 2, scale: [0.2, 0.5], flip: 0 })(both, seeded(5)).arraySync()
  for (const crop of crops) {
    const [width, height] = [crop[0]![1]![0]! - crop[0]![0]![0]!, crop[1]![0]![1]! - crop[0]![0]![1]!]
    expect(width * height).toBeGreaterThan(0.199)
    expect(width * height).toBeLessThan(0.501)
    expect(width / height).toBeGreaterThan(0.749)
    expect(width / height).toBeLessThan(1.334)
  }
})

describe('colours', () => {
  const pixels = images.arraySync()
  test('grey is the luma of each pixel in all channels', () => {
    const gray = colorJitter({ grayscale: 1 })(images, seeded(1)).arraySync()
    const [r, g, b] = pixels[1]![2]![3]! as [number, number, number]
    for (const value of gray[1]![2]![3]!) expect(value).toBeCloseTo(0.299 * r + 0.587 * g + 0.114 * b, 3)
  })

  test('brightness and contrast follow their definitions', () => {
    const dim = tf.mul(images, 0.4) as tf.Tensor4D
    const bright = numbers(tf.div(colorJitter({ brightness: 0.5 })(dim, seeded(4)), dim))
    for (let i = 0; i < 4; i++) {
      const factors = bright.slice(i * 243, (i + 1) * 243)
      expect(factors[0]).toBeGreaterThan(0.5)
      expect(factors[0]).toBeLessThan(1.5)
      for (const factor of factors) expect(factor).toBeCloseTo(factors[0]!, 3)
    }
    const flat = colorJitter({ contrast: 0.9 })(tf.fill([2, 3, 3, 3], 0.5), seeded(1))
    for (const value of numbers(flat)) expect(value).toBeCloseTo(0.5, 4)
  })

  test('hue and saturation leave the brightness of every pixel as it is', () => {
    const pale = tf.add(tf.mul(images, 0.2), 0.4) as tf.Tensor4D
    const gray = (x: tf.Tensor4D): tf.Tensor4D => colorJitter({ grayscale: 1 })(x, seeded(1))
    close(gray(colorJitter({ hue: 0.5, saturation: 0.8 })(pale, seeded(2))), gray(pale), 3)
  })

  test('grey images of one channel get brightness and contrast', () => {
    const one = seeded(1).uniform([3, 5, 5, 1]) as tf.Tensor4D
    expect(colorJitter({ brightness: 0.4, contrast: 0.4 })(one, seeded(1)).shape).toEqual([3, 5, 5, 1])
  })
})

test('a blur agrees with plain loops', () => {
  const sigma = 0.8
  const blurred = gaussianBlur({ size: 3, sigma: [sigma, sigma], probability: 1 })(images, seeded(1)).arraySync()
  const pixels = images.arraySync()
  for (const [i, y, x, c] of [
    [0, 0, 0, 0],
    [1, 4, 8, 2],
    [3, 5, 5, 1]
  ] as const) {
    let [sum, weight] = [0, 0]
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const value = pixels[i]![y + dy]?.[x + dx]?.[c]
        if (value === undefined) continue
        const w = Math.exp(-(dy * dy + dx * dx) / (2 * sigma * sigma))
        sum += w * value
        weight += w
      }
    }
    expect(blurred[i]![y]![x]![c]).toBeCloseTo(sum / weight, 5)
  }
  close(gaussianBlur({ size: 3, probability: 0 })(images, seeded(1)), images)
})

test('solarizing turns what is bright and leaves what is dark', () => {
  const turned = solarize({ probability: 1 })(tf.tensor4d([0.2, 0.5, 0.9, 1], [1, 2, 2, 1]), seeded(1))
  numbers(turned).forEach((value, i) => expect(value).toBeCloseTo([0.2, 0.5, 0.1, 0][i]!, 6))
})

describe('operations drawn for each image', () => {
  test('one operation of fourteen for each image, and all of them in the end', () => {
    const same = tf.tile(tf.slice(images, 0, 1), [600, 1, 1, 1]) as tf.Tensor4D
    const rows = numbers(randAugment({ operations: 1, magnitude: 7 })(same, seeded(3)))
    const looks = new Map<string, number>()
    for (let i = 0; i < 600; i++) {
      const look = rows.slice(i * 243, (i + 1) * 243).join()
      looks.set(look, (looks.get(look) ?? 0) + 1)
    }
    // Identity, autoContrast, equalize, posterize and solarize have one look, nine have two.
    expect(looks.size).toBe(5 + 2 * 9)
    for (const count of looks.values()) expect(count).toBeGreaterThan(8)
  })

  test('values beyond 0 and 1 are no error, whatever is drawn', () => {
    const wild = tf.reshape(tf.linspace(-1, 3, 60 * 8 * 8 * 3), [60, 8, 8, 3]) as tf.Tensor4D
    for (const augment of [randAugment(), autoAugment({ policy: 'cifar10' })])
      expect(numbers(augment(wild, seeded(1))).every(Number.isFinite)).toBe(true)
  })

  test('grey images keep one channel, and four are refused', () => {
    const gray = seeded(2).uniform([30, 8, 8, 1]) as tf.Tensor4D
    for (const augment of [randAugment(), autoAugment({ policy: 'svhn' })]) {
      expect(augment(gray, seeded(1)).shape).toEqual([30, 8, 8, 1])
      expect(() => augment(tf.zeros([1, 8, 8, 4]), seeded(1))).toThrow(
        /^(rand|auto)Augment: expected images of 1 or 3 channels, got 4\./
      )
    }
  })
})

test('views are several looks, of several sizes if wanted', () => {
  const [a, b] = viewsOf(twoViews(simclr({ size: 8, preset: 'cifar' })), images, seeded(1))
  expect(numbers(a)).not.toEqual(numbers(b!))
  const looks = multiCrop({
    global: randomResizedCrop({ size: 9 }),
    local: compose(randomResizedCrop({ size: 5, scale: [0.05, 0.3] })),
    count: 3
  })
  const views = viewsOf(looks, images, seeded(1))
  expect(views.map(({ shape }) => shape[1])).toEqual([9, 9, 5, 5, 5])
})

test.each([
  [() => randomResizedCrop({ size: 0 }), 'randomResizedCrop: expected size to be a whole number from 1 to 8192'],
  [
    () => randomResizedCrop({ size: 3, scale: [0.5, 0.1] }),
    'randomResizedCrop: expected a scale with 0 < least ≤ greatest ≤ 1, got [0.5, 0.1].'
  ],
  [() => colorJitter({ hue: 0.7 }), 'colorJitter: expected a hue from 0 to 0.5, got 0.7.'],
  [() => gaussianBlur({ size: 4 }), 'gaussianBlur: expected an odd size, got 4. Try 5.'],
  [() => randomResizedCrop({ size: 3, scale: [1, 2] }), 'a scale with 0 < least ≤ greatest ≤ 1, got [1, 2].'],
  [() => randomResizedCrop({ size: 3, ratio: [1, Infinity] }), 'a ratio with 0 < least ≤ greatest, got [1, Infinity].'],
  [() => randomResizedCrop({ size: 3, ratio: ['1', '2'] as never }), 'a ratio with 0 < least ≤ greatest, got [1, 2].'],
  [() => colorJitter({ brightness: Infinity }), 'colorJitter: expected a brightness from 0 to 100, got Infinity.'],
  [() => colorJitter({ contrast: 101 }), 'colorJitter: expected a contrast from 0 to 100, got 101.'],
  [() => colorJitter({ saturation: NaN }), 'colorJitter: expected a saturation from 0 to 100, got NaN.'],
  [() => gaussianBlur({ size: 3, sigma: [1, Infinity] }), 'gaussianBlur: expected a sigma with 0 < least ≤ greatest'],
  [() => solarize({ threshold: 128 }), 'solarize: expected a threshold from 0 to 1, as values are, got 128. Try 0.5.'],
  [() => simclr({ size: 8, preset: 'gray', leastArea: 1.5 }), 'simclr: expected leastArea above 0 and at most 1'],
  [() => randAugment({ magnitude: 30 }), 'randAugment: expected a magnitude from 0 to 10, got 30. Try 9.'],
  [() => randAugment({ operations: 0 }), 'randAugment: expected operations to be a whole number from 1 to 100, got 0.'],
  [
    () => autoAugment({ policy: 'cifar' as 'svhn' }),
    "autoAugment: expected policy to be 'cifar10' or 'imagenet' or 'svhn', got 'cifar'. Did you mean cifar10?"
  ],
  [() => solarize({ probability: 2 }), 'solarize: expected a probability from 0 to 1, got 2.'],
  [
    () => simclr({ size: 8, preset: 'x' as 'gray' }),
    "simclr: expected preset to be 'imagenet' or 'cifar' or 'gray', got 'x'"
  ]
])('%s', (act, message) => expect(act).toThrow(message))

test.each<[string, Augment]>([
  ['randomResizedCrop', randomResizedCrop({ size: 4 })],
  ['colorJitter', colorJitter({ brightness: 0.4 })],
  ['gaussianBlur', gaussianBlur({ size: 3 })],
  ['solarize', solarize()],
  ['randAugment', randAugment()],
  ['autoAugment', autoAugment({ policy: 'imagenet' })],
  ['simclr', simclr({ size: 4, preset: 'cifar' })],
  ['compose', compose(solarize())]
])('%s refuses what are no images, before it makes anything of them', (name, augment) => {
  const wrong = `${name}: expected images as a living float32 tensor [batch, height, width, channels]`
  const one = tf.zeros([9, 9, 3])
  const pixels = tf.zeros([2, 9, 9, 3], 'int32')
  const gone = tf.zeros([2, 9, 9, 3])
  gone.dispose()
  const before = tf.memory().numTensors
  for (const [given, words] of [
    [one, ', got a tensor of shape [9, 9, 3]. Make a batch of one by tf.expandDims(image, 0).'],
    [pixels, ', with values from 0 to 1, got int32. Make one of pixels by tf.div(pixels, 255).'],
    [gone, ', got one that is disposed.'],
    [[[1]], ', got a list of 1. Make a tensor of them.'],
    [undefined, ', got undefined. Make a tensor of them.']
  ] as const)
    expect(() => augment(given as unknown as tf.Tensor4D, seeded(1))).toThrow(wrong + words)
  expect(tf.memory().numTensors).toBe(before)
})
