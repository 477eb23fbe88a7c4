import { convNet } from '@lapstrake/backbone-resnet'
import { randomResizedCrop, twoViews } from '@lapstrake/data'
import { greedy } from '@lapstrake/isolation'
import { identity } from '@lapstrake/layers'
import { sgd } from '@lapstrake/optimizers'
import { expect, test } from 'vitest'
import type { Experiment } from '../experiment.ts'
import { settableIn, withSettings, WrongSetting, type ExperimentOrMaker, type Settings } from './settings.ts'

const recipe: Experiment = {
  name: 'plain',
  batchSize: 16,
  epochs: 3,
  views: twoViews(randomResizedCrop({ size: 8 })),
  backbone: convNet({ widths: [4], strides: [2], layers: 1 }),
  isolation: greedy(),
  head: () => identity(),
  loss: () => () => {
    throw new Error('never asked')
  },
  optimizer: sgd({ learningRate: 0.1 })
}
const { backbone } = recipe
const exports = { options: { rate: 0.1, norm: true, kind: 'sgd' } }
const made = ({ rate, norm, kind }: (typeof exports)['options']): Experiment => ({
  ...recipe,
  name: `${kind.length} ${rate} ${norm}`
})
const one = { ...recipe, name: 'teacher' }
const taught: Experiment = {
  ...recipe,
  begins: { trainedBy: { ...recipe, name: 'first' } },
  teacher: { near: { backbone, trainedBy: one }, far: { backbone, trainedBy: one } }
}

test('plain fields are numbers of the recipe, and its name tells what was set', () => {
  const set = withSettings(recipe, {}, { batchSize: '32', epochs: '1e1', microBatch: '8' })
  expect(set).toEqual({
    ...recipe,
    ...{ batchSize: 32, epochs: 10, microBatch: 8, name: 'plain-batchSize=32-epochs=1e1-microBatch=8' }
  })
  expect(withSettings(recipe, {}, {})).toBe(recipe)
})

test('options of a file that exports a function of them keep their types', () => {
  const maker = made as unknown as ExperimentOrMaker
  expect(withSettings(maker, exports, {}).name).toBe('3 0.1 true')
  const { name, batchSize } = withSettings(maker, exports, { rate: '1e-3', norm: 'false', kind: 'a/b', batchSize: '4' })
  expect([name, batchSize]).toEqual(['3 0.001 false-rate=1e-3-norm=false-kind=a_b-batchSize=4', 4])
  expect(() => withSettings(maker, {}, {})).toThrow('Write: export const options = { learningRate: 2e-3 }')
})

test('what is trained first has places, too, and teachers that share an experiment go on sharing it', () => {
  expect(settableIn(taught)).toEqual([
    ...['batchSize', 'epochs', 'microBatch'],
    ...['begins', 'teacher.near', 'teacher.far'].flatMap(place =>
      ['batchSize', 'epochs', 'microBatch'].map(field => `${place}.trainedBy.${field}`)
    )
  ])
  const { teacher, begins } = withSettings(taught, {}, { 'teacher.far.trainedBy.epochs': '9' })
  const { near, far } = teacher as unknown as Record<'near' | 'far', { readonly trainedBy: Experiment }>
  expect(far.trainedBy).toEqual({ ...one, epochs: 9 })
  expect(near.trainedBy).toBe(far.trainedBy)
  expect(begins).toEqual(taught.begins)
})

test.each<[string, Experiment | typeof made, Settings, string]>([
  ['a place spelled wrong', recipe, { batchsize: '4' }, 'got batchsize. Did you mean batchSize?'],
  ['a place of a teacher', taught, { 'teacher.near.trainedBy.epoch': '4' }, 'mean teacher.near.trainedBy.epochs?'],
  [
    'an option spelled wrong',
    made,
    { rat: '1' },
    'expected one of rate, norm, kind, batchSize, epochs, microBatch, got'
  ],
  ['a word for a number', made, { rate: 'fast' }, '--set: expected a number for rate, got fast. Write rate=0.1.'],
  ['nothing for a number', recipe, { epochs: '' }, '--set: expected a number for epochs, got nothing.'],
  ['a number for a flag', made, { norm: '1' }, '--set: expected true or false for norm, got 1. Write norm=true.'],
  [
    'what a factory was given',
    recipe,
    { 'optimizer.learningRate': '1' },
    'What optimizer holds was made in the file, and cannot be looked into. Export a function of what is to be set: ' +
      'export const options = { learningRate: … }, export default ({ learningRate }) => ({ … }).'
  ]
])('%s is refused', (_, given, settings, message) => {
  const set = (): unknown => withSettings(given as unknown as ExperimentOrMaker, exports, settings)
  expect(set).toThrow(message)
  expect(set).toThrow(WrongSetting)
})
