import { identity, type Experiment } from 'lapstrake'
import { expect, test } from 'vitest'
import { stageNames } from './stage-names.ts'

test('stages of one name say their places', () => {
  const stage = identity()
  const stages = ['conv', 'pool', 'conv'].map(name => ({ ...stage, name }))
  expect(stageNames({ backbone: { stages } } as unknown as Experiment)).toEqual(['0 conv', 'pool', '2 conv'])
})
