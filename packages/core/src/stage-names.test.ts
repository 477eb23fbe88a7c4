import { expect, test } from 'vitest'
import { stageNames } from './stage-names.ts'

test('stages of one name say their places', () => {
  expect(stageNames(['conv', 'pool', 'conv'].map(name => ({ name })))).toEqual(['0 conv', 'pool', '2 conv'])
  expect(stageNames(['conv', 'conv', '0 conv'].map(name => ({ name })))).toEqual(['0 conv', '1 conv', '2 0 conv'])
})
