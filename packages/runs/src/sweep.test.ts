import { greedy, overlapping } from '@lapstrake/isolation'
import { expect, test } from 'vitest'
import { sweepVariants, type Sweep } from './sweep.ts'
import type { Experiment } from './experiment.ts'

const recipe = { name: 'loco', epochs: 1 } as Experiment
const sweep: Sweep = {
  recipe,
  seeds: [0, 1],
  fields: { isolation: { greedy: greedy(), overlapping: overlapping() }, epochs: { short: 1, long: 9 } }
}

test('a sweep is every choice with every other', () => {
  const variants = sweepVariants(sweep)
  expect(variants.map(({ name }) => name)).toEqual([
    'loco-greedy-short',
    'loco-greedy-long',
    'loco-overlapping-short',
    'loco-overlapping-long'
  ])
  expect(variants[3]).toEqual({
    name: 'loco-overlapping-long',
    choices: { isolation: 'overlapping', epochs: 'long' },
    experiment: { name: 'loco-overlapping-long', epochs: 9, isolation: sweep.fields!.isolation!.overlapping }
  })
  expect(sweepVariants({ recipe, seeds: [3] })).toEqual([{ name: 'loco', choices: {}, experiment: recipe }])
})

test.each([
  [{ ...sweep, seeds: [] }, 'expected seeds that are whole numbers of 0 or more, each once, got []'],
  [{ ...sweep, seeds: [1, 1] }, 'got [1, 1]'],
  [{ ...sweep, fields: { epochs: {} } }, 'sweep: expected choices for epochs, got none.'],
  [{ ...sweep, fields: { epochs: { 'a/b': 1 } } }, 'for it names a folder, got "a/b"'],
  [{ ...sweep, fields: { epochs: { 'a-b': 1, a: 2 }, batchSize: { c: 1, 'b-c': 2 } } }, 'got loco-a-b-c twice']
])('what is no sweep is refused', (bad, message) => expect(() => sweepVariants(bad)).toThrow(message))
