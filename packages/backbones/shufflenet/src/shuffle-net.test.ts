import '@tensorflow/tfjs-backend-cpu'
import { leaves, own, seeded, type Backbone, type Mode, type Random, type Shape } from '@lapstrake/core'
import { batchNorm, stageOf } from '@lapstrake/layers'
import { describeStage, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { shuffleNet } from './index.ts'
import { shuffleUnit } from './shuffle-unit.ts'

const norm = batchNorm()
describeStage('a unit that keeps its shape', stageOf('unit', shuffleUnit({ entering: 4, filters: 4, norm })), {
  inputShape: [3, 4, 4],
  tolerance: 0.2
})
describeStage('a unit that shrinks', stageOf('unit', shuffleUnit({ entering: 4, filters: 6, norm })), {
  inputShape: [5, 4, 4],
  tolerance: 0.2
})

test('a unit leaves the left half as it is, and the halves take turns', () => {
  const unit = shuffleUnit({ entering: 6, filters: 6, norm })
  const x = seeded(1).normal([2, 3, 3, 6])
  const { output } = unit.apply(unit.init(seeded(2), 6), x, { training: true, random: seeded(1) })
  const byChannel = (maps: tf.Tensor): number[][] => tf.unstack(maps, 3).map(map => [...read(map)])
  const [before, after] = [byChannel(x), byChannel(output)]
  expect([after[0], after[2], after[4]]).toEqual(before.slice(0, 3))
  for (const right of [1, 3, 5]) expect(Math.min(...after[right]!)).toBe(0)
})

const zeros: Random = { ...seeded(1), split: () => zeros, normal: shape => tf.zeros([...shape]) }

/** What comes out of each stage, and how many parameters all have. */
function measured(
  { stages }: Backbone,
  inputShape: Shape
): { readonly shapes: readonly Shape[]; readonly parameters: number } {
  let [shape, parameters] = [inputShape, 0]
  const shapes = stages.map(stage => {
    const { params, buffers, outputShape } = stage.init(zeros, shape)
    parameters += leaves<tf.Tensor>(params).reduce((sum, { size }) => sum + size, 0)
    tf.dispose(leaves<tf.Tensor>([params, buffers]))
    return (shape = outputShape)
  })
  return { shapes, parameters }
}

describe('has as many parameters as torchvision counts, and maps of the sizes of the paper', () => {
  test.each([
    // torchvision's totals without the classifier of 1000 classes.
    [0.5, 1_366_792 - 1_025_000, [48, 96, 1024]],
    [1, 2_278_604 - 1_025_000, [116, 232, 1024]],
    [1.5, 3_503_624 - 1_025_000, [176, 352, 1024]],
    [2, 7_393_996 - 2_049_000, [244, 488, 2048]]
  ] as const)('with the width %f', (width, expected, channels) => {
    const { shapes, parameters } = measured(shuffleNet({ width, stem: 'imagenet' }), [224, 224, 3])
    expect(parameters).toBe(expected)
    expect(shapes).toEqual([28, 14, 7].map((length, i) => [length, length, channels[i]!]))
  })
})

test('may be cut at every unit: the stem goes with the first, the last convolution with the last', () => {
  const { stages } = shuffleNet({ stages: 'blocks' })
  expect(stages.map(({ name }) => name)).toEqual([
    ...['stage2a', 'stage2b', 'stage2c', 'stage2d'],
    ...['stage3a', 'stage3b', 'stage3c', 'stage3d', 'stage3e', 'stage3f', 'stage3g', 'stage3h'],
    ...['stage4a', 'stage4b', 'stage4c', 'stage4d']
  ])
  const [whole, cut] = [shuffleNet(), shuffleNet({ stages: 'blocks' })].map(net => measured(net, [32, 32, 3]))
  expect(cut!.parameters).toBe(whole!.parameters)
  expect([3, 11, 15].map(i => cut!.shapes[i])).toEqual(whole!.shapes)
})

const training: Mode = { training: true, random: seeded(1) }

test.each(['batch', 'group'] as const)('a forward pass with %s statistics gives the announced shape', norm => {
  for (const stem of ['cifar', 'imagenet'] as const) {
    let shape: Shape = [17, 16, 3]
    let flow: tf.Tensor = seeded(1).normal([2, ...shape])
    for (const stage of shuffleNet({ width: 0.5, stem, norm }).stages) {
      const variables = stage.init(seeded(2), shape)
      flow = own(() => stage.apply(variables, flow, training).output)
      expect(flow.shape).toEqual([2, ...variables.outputShape])
      shape = variables.outputShape
    }
    expect(read(flow).every(Number.isFinite)).toBe(true)
  }
})

test.each([
  [() => shuffleNet({ width: 3 as 2 }), 'shuffleNet: expected width to be 0.5 or 1 or 1.5 or 2, got 3.'],
  [() => shuffleNet({ stem: 'x' as 'cifar' }), "shuffleNet: expected stem to be 'cifar' or 'imagenet', got 'x'."],
  [() => shuffleNet({ norm: 'x' as 'batch' }), "shuffleNet: expected norm to be 'batch' or 'group' or 'layer', got"],
  [() => shuffleNet({ stages: 'x' as 'blocks' }), "shuffleNet: expected stages to be 'groups' or 'blocks', got 'x'."],
  [
    () => shuffleNet().stages[0]!.init(seeded(1), [7]),
    'stage2: expected inputs of shape [height, width, channels], got [7].'
  ]
])('%s', (act, message) => expect(act).toThrow(message))
