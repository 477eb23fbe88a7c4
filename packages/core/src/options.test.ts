import { expect, test } from 'vitest'
import { checkOptions } from './index.ts'

interface Options {
  readonly size?: number | undefined
  readonly rate?: number | (() => number) | undefined
  readonly fill?: 'random' | 'empty' | undefined
  readonly inner?: { readonly a: number } | undefined
  readonly parts?: readonly number[] | undefined
  readonly quiet?: boolean | undefined
}
const check = (options: unknown): void =>
  checkOptions<Options>('queue', options as Options, {
    size: 'number',
    rate: ['number', 'function'],
    fill: { among: ['random', 'empty'] },
    inner: 'record',
    parts: 'list',
    quiet: 'boolean'
  })

test.each([
  {},
  { size: 3, fill: 'empty', quiet: false },
  { rate: () => 1, parts: new Float32Array(2), inner: { a: 1 } },
  { size: undefined, fill: undefined },
  // Ranges are for the function itself.
  { size: NaN }
])('takes %j', options => {
  expect(() => check(options)).not.toThrow()
})

test.each<[unknown, string]>([
  [0.1, 'queue: expected options, as in { size: … }, got 0.1.'],
  [null, 'queue: expected options, as in { size: … }, got null.'],
  ['empty', "queue: expected options, as in { size: … }, got 'empty'."],
  [[3], 'queue: expected options, as in { size: … }, got [3].'],
  [() => 3, 'queue: expected options, as in { size: … }, got a function.'],
  [{ bogus: 1 }, 'queue: expected options among size, rate, fill, inner, parts, quiet, got bogus.'],
  [{ Size: 1 }, 'queue: expected options among size, rate, fill, inner, parts, quiet, got Size. Did you mean size?'],
  [{ toString: 1 }, 'queue: expected options among size, rate, fill, inner, parts, quiet, got toString.'],
  [{ size: '3' }, "queue: expected size to be a number, got '3'."],
  [{ size: null }, 'queue: expected size to be a number, got null.'],
  [{ rate: 'fast' }, "queue: expected rate to be a number or a function, got 'fast'."],
  [{ fill: 'emtpy' }, "queue: expected fill to be 'random' or 'empty', got 'emtpy'. Did you mean empty?"],
  [{ fill: 3 }, "queue: expected fill to be 'random' or 'empty', got 3."],
  [{ inner: [1] }, 'queue: expected inner to be a record, got [1].'],
  [{ parts: { length: 1 } }, 'queue: expected parts to be a list, got {"length":1}.'],
  [{ quiet: 'no' }, "queue: expected quiet to be a boolean, got 'no'."]
])('refuses %j', (options, message) => {
  expect(() => check(options)).toThrow(new TypeError(message))
})
