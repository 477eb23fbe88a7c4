import { expect, test } from 'vitest'
import { table } from './table.ts'

const head = ['backend', '', 'self-test', 'what it is, or why not']
const rows = [
  ['wasm', 'works', '40 ms', 'WebAssembly, two threads'],
  ['webgpu', '–', '3 ms', 'no adapter was found here, which is what a driver would give']
]
const numbers = ['unit', 'stages', 'parameters', 'multiply-adds an image', 'activations', 'of its head']
const units = ['unit0', 'unit1'].map(name => [name, 'conv1 to conv2', '1.2 k', '34.5 M', '12 MB', '0.3 MB'])
const widest = (text: string): number => Math.max(...text.split('\n').map(({ length }) => length))

test('a table that fits stands as it is: words to the left, numbers to the right', () => {
  expect(table(['a', 'loss'], [['unit0', '1.25']], 80)).toBe('a       loss\n────────────\nunit0   1.25')
})

test.each([60, 80])('tables fit %d columns, and lose no word', width => {
  for (const [titles, cells] of [
    [head, rows],
    [numbers, units]
  ] as const) {
    const text = table(titles, cells, width)
    expect(widest(text)).toBeLessThanOrEqual(width)
    const words = text.split(/[\s─]+/)
    for (const word of [...titles, ...cells.flat()].join(' ').split(' ')) if (word) expect(words).toContain(word)
  }
})

test('what is still too wide goes on below, beside the first column again', () => {
  const text = table(numbers, units, 40)
  expect(widest(text)).toBeLessThanOrEqual(40)
  expect(text.match(/unit0/g)).toHaveLength(text.split('\n\n').length)
})

test('a single word longer than a line is broken, not cut', () => {
  expect(table(['a', 'b'], [['x', 'y'.repeat(70)]], 60).replaceAll(/[^y]/g, '')).toHaveLength(70)
})
