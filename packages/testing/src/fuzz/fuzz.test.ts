import { setTimeout } from 'node:timers/promises'
import { seeded } from '@lapstrake/core'
import { expect, test } from 'vitest'
import { draws } from './draws.ts'
import { fuzz, type FuzzReport } from './fuzz.ts'
import { mutant } from './mutant.ts'

const good = new TextEncoder().encode('{"name":"loco","shape":[3,4],"rate":0.125}')
const allowed = /^loco\.json: .*\.$/s
const refuse = (): never => {
  throw new Error('loco.json: expected JSON.')
}
const parsed = (input: Uint8Array): Record<string, unknown> => {
  try {
    return Object(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(input)))
  } catch {
    return refuse()
  }
}
const run = (read: (input: Uint8Array) => unknown, count = 3000): Promise<FuzzReport> =>
  fuzz('loco', { inputs: [good], read, allowed }, { seed: 1, from: 0, count })

test('a careful reader has nothing to fear, and both answers are had', async () => {
  const { inputs, read, refused, crashes, slowest, memory } = await run(parsed)
  expect(crashes).toEqual([])
  expect([inputs, read + refused]).toEqual([3000, 3000])
  expect(Math.min(read, refused)).toBeGreaterThan(100)
  expect([slowest > 0, memory > 0]).toEqual([true, true])
})

test.each<[string, (input: Uint8Array) => unknown, string]>([
  ['another error', input => (parsed(input)['shape'] as number[]).length, 'TypeError'],
  [
    'an error in other words',
    async input => {
      if (parsed(input)['rate'] === -1) throw new Error('no')
    },
    'Error: no'
  ],
  ['memory that a number asks for', input => new Uint8Array(parsed(input)['rate'] === 2 ** 31 ? 1e8 : 1), 'bytes'],
  ['a number that is no length', input => new Uint8Array(Number(parsed(input)['rate'])), 'RangeError: Invalid typed'],
  ['a call for every level', input => JSON.stringify(parsed(input)), 'RangeError: Maximum call stack size exceeded'],
  [
    'a change of what was given',
    input => {
      parsed(input)
      input[0] = 0
    },
    'was changed by reading it'
  ]
])('%s is found, and again by its number', async (_, read, what) => {
  const { crashes } = await run(read)
  const found = crashes.find(crash => crash.what.includes(what))
  expect(crashes[0], crashes[0]?.what).toBe(found)
  const again = await fuzz('loco', { inputs: [good], read, allowed }, { seed: 1, from: found!.input, count: 1 })
  expect(again.crashes[0]?.what).toContain(what)
})

test('a long wait is found', async () => {
  const { crashes } = await run(() => setTimeout(1200), 1)
  expect(crashes[0]?.what).toMatch(/^took 1\d\d\d ms$/)
})

test('half of the inputs are stamped', async () => {
  let stamped = 0
  const restamp = (input: Uint8Array): Uint8Array => {
    stamped++
    return input
  }
  await fuzz('loco', { inputs: [good], read: parsed, allowed, restamp }, { seed: 1, from: 0, count: 100 })
  expect(stamped).toBe(50)
})

test('mutants differ from their inputs and from each other, and are the same for the same seed', () => {
  const text = (i: number): string => Buffer.from(mutant([good], draws(seeded(1).split(i)))).toString('latin1')
  const all = Array.from({ length: 500 }, (_, i) => text(i))
  expect(new Set(all).size).toBeGreaterThan(430)
  expect(all.filter(one => one === Buffer.from(good).toString('latin1')).length).toBeLessThan(25)
  expect(Array.from({ length: 500 }, (_, i) => text(i))).toEqual(all)
})
