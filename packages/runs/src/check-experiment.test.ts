import '@tensorflow/tfjs-backend-cpu'
import { convNet } from '@lapstrake/backbone-resnet'
import { endToEnd } from '@lapstrake/isolation'
import { identity } from '@lapstrake/layers'
import { ntXent } from '@lapstrake/loss-info-nce'
import { sgd } from '@lapstrake/optimizers'
import { cifar10, drawShapes, randomResizedCrop, twoViews, type Data } from '@lapstrake/data'
import * as tf from '@tensorflow/tfjs-core'
import { run } from './run.ts'
import { train } from './train.ts'
import type { Experiment } from './experiment.ts'
import { checkExperiment } from './check-experiment.ts'
import { expect, test } from 'vitest'

const experiment: Experiment = {
  name: 'checked',
  batchSize: 8,
  epochs: 1,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [4], strides: [2], layers: 1 }),
  isolation: endToEnd(),
  head: () => identity(),
  loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.01 })
}

test('an experiment is one, whatever is undefined in it', () => {
  expect(() => checkExperiment({ ...experiment, data: undefined } as unknown as Experiment)).not.toThrow()
})

test.each<[object | undefined, RegExp]>([
  [
    { ...experiment, isolaton: endToEnd() },
    /^recipe: expected checked to have fields among name, .*isolation, .*, got isolaton\. Correct its spelling/
  ],
  [
    { ...experiment, head: undefined, views: undefined },
    /^recipe: expected an experiment, but it lacks head, views\.$/
  ],
  [{}, /^recipe: expected an experiment, but it lacks name, backbone/],
  [undefined, /^recipe: expected an experiment, as in \{ name, backbone, … \}, got undefined\.$/]
])('refuses %j', async (wrong, message) => {
  expect(() => checkExperiment(wrong as Experiment)).toThrow(message)
  await expect(train(wrong as Experiment, { dataset: drawShapes({ count: 8, size: 12 }) })).rejects.toThrow(message)
})

test.each<[object, string]>([
  [{ microBatch: 0 }, 'recipe: expected a microBatch of 1 example or more, got 0. Try 64.'],
  [{ batchSize: '8' }, 'recipe: expected a batchSize of 1 example or more, got "8". Try 64.'],
  [{ epochs: '3' }, 'recipe: expected a number of epochs, got "3". Try 100.'],
  [{ views: twoViews }, 'recipe: expected a list of views, as in views: twoViews(simclr({ size: 32 })).'],
  [{ sampler: 'shuffled' }, 'recipe: expected sampler to be a function, as in sampler: shuffled().'],
  [{ merge: 'mean' }, 'recipe: expected merge to be a function, as in merge: mean().'],
  [{ target: 0.99 }, 'recipe: expected a function of the step, as in target: { momentum: () => 0.99 }.'],
  [{ backbone: convNet }, 'recipe: expected a backbone, as in backbone: resNet().'],
  [{ teacher: { backbone: convNet() } }, 'teacher: expected the weights of one, as in weights: () => readFile('],
  [{ teacher: { wide: { backbone: convNet() } } }, 'teacher "wide": expected the weights of one'],
  [
    { teacher: { backbone: convNet(), trainedBy: {} } },
    'teacher: trainedBy is no experiment that can run. recipe: expected an experiment, but it lacks name, backbone'
  ],
  [{ begins: { trainedBy: { name: 'first' } } }, 'begins: trainedBy is no experiment that can run. recipe: expected'],
  [
    { begins: { trainedBy: experiment, weights: () => Promise.resolve(new Uint8Array()) } },
    'begins: expected weights or an experiment that learns them, got both. Leave out one.'
  ],
  [{ begins: { trainedBy: experiment, stage: 1 } }, 'got stage. Did you mean stages?']
])('refuses %j, before a tensor exists', (fields, message) => {
  const before = tf.memory().numTensors
  expect(() => checkExperiment({ ...experiment, ...fields } as unknown as Experiment)).toThrow(message)
  expect(tf.memory().numTensors).toBe(before)
})

test.each<[object, string]>([
  [{ signal: new AbortController() }, 'to be an AbortSignal, got its controller. Give controller.signal.'],
  [{ signal: {} }, 'to be an AbortSignal, got another record. Give controller.signal.'],
  [{ seed: 0.5 }, 'expected seed to be a whole number of 0 or more, got 0.5. Try 0.'],
  [{ diagnoseEvery: NaN }, 'expected diagnoseEvery to be a whole number of 0 or more, got NaN. Try 0.'],
  [{ resume: [1, 2] }, 'expected resume to be the bytes of a run, got 1,2.'],
  [{ sed: 1 }, 'got sed. Did you mean seed?']
])('options %j are refused, before data are opened', async (options, words) => {
  const data: Data = { name: 'closed', open: () => Promise.reject(new Error('opened')) }
  await expect(train({ ...experiment, data }, options)).rejects.toThrow(new RegExp(`^train: .*${escaped(words)}`))
  await expect(run({ ...experiment, data }, options).next()).rejects.toThrow(new RegExp(`^run: .*${escaped(words)}`))
})

const escaped = (words: string): string => words.replace(/[.?[\]]/g, '\\$&')

const write = /^recipe: expected the data of checked .*/
test.each<[string, object, string]>([
  [
    'a name and a number',
    { data: 'cifar10', examples: 10_000 },
    "to be a value, as cifar10() is, got 'cifar10'. " +
      "Write: data: cifar10({ limit: 10_000 }) with import { cifar10 } from 'lapstrake'"
  ],
  [
    'a name of two words',
    { data: 'fashion-mnist' },
    "got 'fashion-mnist'. Write: data: fashionMnist() with import { fashionMnist } from 'lapstrake'"
  ],
  [
    'a path',
    { data: './photos', examples: 500 },
    "data: imageFolder('./photos', { size: 32, limit: 500 }) with import { imageFolder } from 'lapstrake'"
  ],
  [
    'a file of arrays',
    { data: 'digits.npz', examples: 500 },
    "data: npz('digits.npz', { limit: 500 }) with import { npz } from 'lapstrake'"
  ],
  [
    'a data set that is open',
    { data: drawShapes({ count: 8 }) },
    'which is open. Write: data: dataOf({ name, ...holdOut(dataset) }), or dataOf({ name, train, test })'
  ],
  ['what is no data', { data: { images: [] } }, 'as cifar10() is, got {"images":[]}. Write: data: shapes()'],
  ['what makes them', { data: cifar10 }, 'as cifar10() is, got '],
  [
    'a number beside data',
    { data: cifar10(), examples: 64 },
    'to say how many examples to use, got examples: 64. Write it into the data, as in data: shapes({ limit: 64 })'
  ],
  [
    'a number alone',
    { examples: 1e6 },
    'got examples: 1_000_000. Write it into the data, as in data: shapes({ limit: 1_000_000 })'
  ]
])('data that are %s are one error, which shows the line as it should read', (_, fields, words) => {
  const check = (): void => checkExperiment({ ...experiment, ...fields } as unknown as Experiment)
  expect(check).toThrow(write)
  expect(check).toThrow(words)
})

test('data are a value, and are not opened', () => {
  const data: Data = { name: 'closed', open: () => Promise.reject(new Error('opened')) }
  expect(() => checkExperiment({ ...experiment, data })).not.toThrow()
})
