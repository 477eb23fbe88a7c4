import { expect, test } from 'vitest'
import { refuseUnknownWords } from './unknown-words.ts'

const args = {
  recipe: { type: 'positional' },
  examples: { type: 'string' },
  epochs: { type: 'string' },
  'plug-in': { type: 'boolean' }
} as const
const refuse =
  (...given: string[]) =>
  (): void =>
    refuseUnknownWords('train', args, given)

test('known flags pass, wherever they stand and whatever their values', () => {
  expect(refuse('--epochs', '1', 'recipe.ts', '--examples=-5', '--plug-in', '--')).not.toThrow()
  expect(refuse('--no-plug-in', '--epochs', '--exmaples')).not.toThrow()
})

test.each([
  ['--exmaples', '--examples'],
  ['--epoch', '--epochs'],
  ['--plugin', '--plug-in'],
  ['--no-plugin', '--no-plug-in']
])('%s is refused, and %s named', (flag, meant) => {
  expect(refuse('recipe.ts', flag, '100')).toThrow(
    `train: expected options among --examples, --epochs, --plug-in, got ${flag}. Did you mean ${meant}?`
  )
})

test('what looks like nothing that is known is refused without a guess', () => {
  expect(refuse('recipe.ts', '--bogus')).toThrow(/got --bogus\.$/)
})

test('a command without options says so', () => {
  expect(() => refuseUnknownWords('doctor', {}, ['--fast'])).toThrow(
    'doctor: expected no options, got --fast. Leave it out.'
  )
})

test('a name too many is refused, unless there may be many', () => {
  expect(refuse('recipe.ts', '--epochs', '1', '1e3')).toThrow(
    'train: expected one recipe, got 1e3 as well. Leave it out.'
  )
  expect(() => refuseUnknownWords('doctor', {}, ['here'])).toThrow(
    'doctor: expected options only, got here as well. Leave it out.'
  )
  expect(() => refuseUnknownWords('compare', args, ['a', 'b', 'c'], { many: true })).not.toThrow()
})
