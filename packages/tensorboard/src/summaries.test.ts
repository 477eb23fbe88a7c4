import { decode } from 'fast-png'
import { describe, expect, test } from 'vitest'
import { histogram, image } from './index.ts'

const data = Float32Array.from([0, 1, 0, 1, 0, 0, 0, 0, 1, 0.5, 0.5, 0.5])
const picture = { data, width: 2, height: 2, channels: 3 }

describe('a histogram', () => {
  test('golden: of four bars', () => {
    expect(histogram('w', [0, 0, 1, 4, NaN, -Infinity], { bars: 4 })).toEqual({
      tag: 'w',
      histo: { min: 0, max: 4, num: 4, sum: 5, sumSquares: 17, bucketLimit: [1, 2, 3, 4], bucket: [2, 1, 0, 1] }
    })
  })

  test.each<[string, readonly number[], number, number]>([
    ['zeros', [0, 0, 0], 0, 1e-12],
    ['ones', [1, 1], 1, 2e-5],
    ['large numbers', [-1e9, -1e9, -1e9], -1e9, 2e4],
    ['the largest of float32', [3.4e38, 3.4e38], 3.4e38, 1e34],
    ['neighbours in float32', [1, 1.0000001], 1, 2e-5],
    ['nothing', [], 0, 1e-12],
    ['nothing that is finite', [NaN, Infinity, 1e300], 0, 1e-12]
  ])('of %s has bars of a width about them', (_, values, centre, width) => {
    const { min, max, num, bucket, bucketLimit } = histogram('w', values).histo!
    const edges = [min, ...bucketLimit].map(Math.fround)
    expect(edges.every((edge, i) => i === 0 || edge > edges[i - 1]!)).toBe(true)
    expect(Math.abs(min - centre)).toBeLessThanOrEqual(width)
    expect(Math.abs(max - centre)).toBeLessThanOrEqual(width)
    const finite = values.filter(value => Number.isFinite(Math.fround(value)))
    expect([num, bucket.reduce((sum, count) => sum + count)]).toEqual([finite.length, finite.length])
    for (const value of finite) expect([value > min, value < max]).toEqual([true, true])
  })

  test('of less than one bar is refused', () => {
    for (const bars of [0, -1, 1.5, NaN]) {
      expect(() => histogram('w', [1], { bars })).toThrow(`histogram: expected one or more bars, got ${bars}.`)
    }
  })
})

describe('an image', () => {
  test('is a PNG of its pixels', () => {
    const { encodedImageString, ...shape } = image('view', picture).image!
    expect(shape).toEqual({ width: 2, height: 2, colorspace: 3 })
    expect([...decode(encodedImageString).data]).toEqual([0, 255, 0, 255, 0, 0, 0, 0, 255, 128, 128, 128])
    const clear = { data: Uint8Array.of(9, 8, 7, 6), width: 1, height: 1, channels: 4 }
    expect([...decode(image('view', clear).image!.encodedImageString).data]).toEqual([9, 8, 7, 6])
  })

  test.each([
    [{ ...picture, width: 3 }, 'image: expected 2 × 3 × 3 = 18 numbers, got 12.'],
    [{ ...picture, channels: 2 }, 'image: expected 1, 3 or 4 channels, got 2.'],
    [{ ...picture, width: 0 }, 'image: expected a width and a height of whole pixels, got 0 and 2.'],
    [{ ...picture, width: 0.5, height: 8 }, 'image: expected a width and a height of whole pixels, got 0.5 and 8.']
  ])('whose shape is wrong is refused', (pixels, message) => expect(() => image('view', pixels)).toThrow(message))
})
