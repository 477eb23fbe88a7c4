import { expect, test } from 'vitest'
import { refuseUnknownWords } from './unknown-words.ts'

const args = {
  recipe: { type: 'positional', required: true, description: 'A recipe file, such as docs/recipes/03-loco.ts' },
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
  expect(refuse('recipe.ts', '--no-plug-in', '--epochs', '-5')).not.toThrow()
  expect(refuse('recipe.ts', '--plug-in=false', '--epochs=--exmaples')).not.toThrow()
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

test.each([
  [['--epochs'], 'expected something behind --epochs, got nothing. Leave it out, or name a value.'],
  [['--epochs', ''], 'expected something behind --epochs, got nothing. Leave it out, or name a value.'],
  [['--epochs', '--plug-in'], 'expected something behind --epochs, got --plug-in. Leave it out, or name a value.'],
  [['--plug-in=yes'], 'expected --plug-in without a value, got yes. Write --plug-in alone.'],
  [['--epochs', '1', '--epochs=2'], 'expected --epochs once, got it again. Leave one of them out.'],
  [['--plug-in', '--no-plug-in'], 'expected --plug-in once, got it again. Leave one of them out.']
])('%j is refused', (given, message) => {
  expect(refuse('recipe.ts', ...given)).toThrow(`train: ${message}`)
})

test.each([[[]], [['']], [['--epochs', '1']]])('a name that is missing is asked for, not: %j', given => {
  expect(refuse(...given)).toThrow(
    'train: expected a recipe file, got nothing. Name it, as in: lapstrake train <recipe>; --help tells more.'
  )
})
