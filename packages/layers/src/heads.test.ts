import '@tensorflow/tfjs-backend-cpu'
import { namedLeaves, seeded } from '@lapstrake/core'
import { describeStage } from '@lapstrake/testing'
import { expect, test } from 'vitest'
import { convDecoder, identity, linear, projector, type ConvDecoderOptions } from './index.ts'

describeStage('identity', identity(), { inputShape: [3, 3, 4] })
describeStage('linear', linear({ dim: 5 }), { inputShape: [3, 3, 4] })
describeStage('projector', projector({ dims: [6, 5] }), { inputShape: [4], tolerance: 0.1 })
describeStage('projector with batch statistics', projector({ dims: [6, 5], norm: 'batch' }), {
  inputShape: [3, 3, 4],
  tolerance: 0.2
})
describeStage('projector without bias', projector({ dims: [6, 5], bias: false }), {
  inputShape: [3, 3, 4],
  tolerance: 0.1
})
describeStage('convDecoder', convDecoder({ dims: [6, 5] }), { inputShape: [5, 5, 4], tolerance: 0.2 })
describeStage('convDecoder of two blocks', convDecoder({ dims: [5], blocks: 2 }), {
  inputShape: [5, 5, 4],
  tolerance: 0.2
})
describeStage('convDecoder without a stride', convDecoder({ dims: [5], stride: 1 }), {
  inputShape: [3, 3, 4],
  tolerance: 0.2
})

test('blocks of a convDecoder come one behind another, and only the first has a stride and a projection', () => {
  const layersOf = (options: Omit<ConvDecoderOptions, 'dims'>): readonly string[] =>
    namedLeaves(convDecoder({ dims: [5], ...options }).init(seeded(1), [5, 5, 4]).params)
      .map(({ name }) => name)
      .filter(name => name.endsWith('kernel'))
  const block = (path: string): readonly string[] => [`${path}.body.0.kernel`, `${path}.body.1.kernel`]
  expect(layersOf({})).toEqual([...block('block'), 'block.skip.kernel'])
  expect(layersOf({ stride: 1 })).toEqual(block('block'))
  expect(layersOf({ blocks: 3 })).toEqual([
    ...block('block.0'),
    'block.0.skip.kernel',
    ...block('block.1'),
    ...block('block.2')
  ])
})

test('a projector has no bias under a normalisation, and keeps its statistics', () => {
  const { params, buffers } = projector({ dims: [6, 5], norm: 'batch' }).init(seeded(1), [4])
  expect(namedLeaves(params).map(({ name }) => name)).toEqual([
    '0.weights',
    '0.norm.scale',
    '0.norm.offset',
    '1.weights',
    '1.bias'
  ])
  expect(namedLeaves(buffers).map(({ name }) => name)).toEqual(['0.mean', '0.variance'])
})

test.each([
  [
    () => projector({ dims: [4], norm: 'group' as 'batch' }),
    "projector: expected norm to be 'batch' or 'none', got 'group'."
  ],
  [
    () => convDecoder({ dims: [4] }).init(seeded(1), [7]),
    'convDecoder: expected inputs of shape [height, width, channels], got [7]. Use projector'
  ],
  [() => convDecoder({ dims: [4], blocks: 0 }), 'convDecoder: expected a whole number above 0 for blocks, got 0.'],
  [() => convDecoder({ dims: [4], stride: 3 as 1 }), 'convDecoder: expected stride to be 1 or 2, got 3.'],
  [
    () => linear({ dim: 3 }).init(seeded(1), [7, 3]),
    'linear: expected inputs of shape [height, width, channels] or [channels], got [7, 3].'
  ],
  [() => projector({ dims: [] }), 'projector: expected whole numbers above 0 for the layers, got []. Try [128].'],
  [() => projector({ dims: [1e9] }), 'projector: expected 65536 or less for the width of a layer, got 1000000000.'],
  [
    () => projector({ dims: Array.from({ length: 1001 }, () => 8) }),
    'projector: expected 1000 or less for the number of layers, got 1001.'
  ],
  [() => linear({ dim: 1e9 }), 'linear: expected 65536 or less for the width of a layer, got 1000000000.'],
  [() => linear({ dim: 1.5 }), 'linear: expected whole numbers above 0 for the layers, got [1.5].']
])('%s', (act, message) => expect(act).toThrow(message))
