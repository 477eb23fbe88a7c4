import '@tensorflow/tfjs-backend-cpu'
import { expect, test } from 'vitest'
import { randomFrom, seeded } from './index.ts'
import { threefry } from './random.ts'

const hex = (words: readonly number[]): string => words.map(word => word.toString(16).padStart(8, '0')).join(' ')

test.each([
  // Known-answer vectors of the authors' Random123 library for threefry2x32 with 20 rounds: key, counter, result.
  ['zeros', [0, 0, 0, 0], '6b200159 99ba4efe'],
  ['ones', [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], '1cb996fc bb002be7'],
  ['digits of pi', [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3], 'c4923a9c 483df7a0']
] as const)('threefry agrees with its published vector of %s', (_, [k0, k1, c0, c1], expected) => {
  expect(hex(threefry(k0, k1, c0, c1))).toBe(expected)
})

test('a source asked twice answers the same, and so does one made from its key', () => {
  const random = seeded(7).split('weights', 3)
  expect(random.normals(9)).toEqual(random.normals(9))
  expect(randomFrom(random.key).uniforms(9)).toEqual(random.uniforms(9))
})

test('purposes, their order and their types make different numbers', () => {
  const keys = [['a'], ['b'], ['a', 'b'], ['b', 'a'], ['ab'], [1], ['1'], [0], [1, 0], [2 ** 40]].map(purpose =>
    hex(seeded(1).split(...purpose).key)
  )
  expect(new Set([...keys, hex(seeded(1).key), hex(seeded(1 + 2 ** 32).key)]).size).toBe(keys.length + 2)
})

test('the first numbers of seed 1 stay what they are, in every engine', () => {
  expect([...seeded(1).bits(3)]).toMatchInlineSnapshot(`
    [
      3023415290,
      2531993477,
      247883890,
    ]
  `)
  expect([...seeded(1).uniforms(3)]).toMatchInlineSnapshot(`
    [
      0.70394366979599,
      0.5895256400108337,
      0.05771493911743164,
    ]
  `)
  expect([...seeded(1).normals(3)]).toMatchInlineSnapshot(`
    [
      0.5357772707939148,
      0.22632500529289246,
      -1.5742489099502563,
    ]
  `)
})

test('uniform numbers fill [0, 1) evenly', () => {
  const values = seeded(2).uniforms(100_000)
  const counts = new Array<number>(10).fill(0)
  for (const value of values) counts[Math.floor(value * 10)]! += 1
  // Chi-squared with 9 degrees of freedom stays below 27.9 in 999 of 1000 seeds.
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9)
})

test('normal numbers have the moments of the normal distribution', () => {
  const values = [...seeded(3).normals(200_000)]
  const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / values.length
  expect(moment(1)).toBeCloseTo(0, 1.9)
  expect(moment(2)).toBeCloseTo(1, 1.9)
  expect(moment(3)).toBeCloseTo(0, 1)
  expect(moment(4)).toBeCloseTo(3, 1)
  expect(values.filter(value => Math.abs(value) > 1.959964).length / values.length).toBeCloseTo(0.05, 2)
})

test('a permutation holds every number once and favours none', () => {
  const order = seeded(4).permutation(1000)
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  const firsts = Array.from({ length: 3000 }, (_, i) => seeded(i).permutation(3)[0])
  for (const first of [0, 1, 2]) expect(firsts.filter(value => value === first).length).toBeGreaterThan(900)
})

test('a seed that is no whole number is refused', () => {
  expect(() => seeded(0.5)).toThrow('seeded: expected a whole number from 0 to 2^53 - 1, got 0.5. Try 0.')
  expect(() => seeded(-1)).toThrow(RangeError)
})
