import '@tensorflow/tfjs-backend-cpu'
import { leaves, namedLeaves, seeded, type Backbone, type Random, type Shape } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { convNet, pResNet50, resNet } from './index.ts'

function walk({ stages }: Backbone, inputShape: Shape): { shapes: Shape[]; parameters: number } {
  const shapes: Shape[] = []
  let parameters = 0
  tf.tidy(() => {
    let shape = inputShape
    for (const stage of stages) {
      const { params, outputShape } = stage.init(seeded(1), shape)
      parameters += leaves<tf.Tensor>(params).reduce((sum, leaf) => sum + leaf.size, 0)
      shapes.push((shape = outputShape))
    }
  })
  return { shapes, parameters }
}

describe('shapes', () => {
  test('convNet shrinks by its strides, rounding up', () => {
    expect(walk(convNet(), [28, 28, 3]).shapes).toEqual([
      [28, 28, 32],
      [14, 14, 32],
      [7, 7, 32],
      [7, 7, 32]
    ])
    expect(walk(convNet({ widths: [8, 16], strides: [2, 2], layers: 1 }), [9, 7, 1]).shapes).toEqual([
      [5, 4, 8],
      [3, 2, 16]
    ])
  })

  test('a ResNet has the map sizes of the paper', () => {
    expect(walk(resNet({ width: 4 }), [32, 32, 3]).shapes).toEqual([
      [32, 32, 4],
      [16, 16, 8],
      [8, 8, 16],
      [4, 4, 32]
    ])
    expect(walk(resNet({ depth: 50, stem: 'imagenet', width: 4 }), [224, 224, 3]).shapes).toEqual([
      [56, 56, 16],
      [28, 28, 32],
      [14, 14, 64],
      [7, 7, 128]
    ])
  })

  test('a ResNet may be cut at every block: the same layers in the same order', () => {
    const options = { width: 4, stem: 'imagenet' } as const
    const [whole, cut] = [resNet(options), resNet({ ...options, stages: 'blocks' })]
    expect(cut.stages.map(({ name }) => name)).toEqual([
      'res2a',
      'res2b',
      'res3a',
      'res3b',
      'res4a',
      'res4b',
      'res5a',
      'res5b'
    ])
    const sizes = ({ stages }: Backbone): number[] => {
      let shape: Shape = [32, 32, 3]
      return tf.tidy(
        () =>
          stages.flatMap(stage => {
            const { params, outputShape } = stage.init(seeded(1), shape)
            shape = outputShape
            return leaves<tf.Tensor>(params).map(({ size }) => size)
          }) as unknown as tf.Tensor
      ) as unknown as number[]
    }
    expect(sizes(cut)).toEqual(sizes(whole))
    expect(walk(cut, [32, 32, 3]).shapes.filter((_, i) => i % 2 === 1)).toEqual(walk(whole, [32, 32, 3]).shapes)
  })

  test.each(['batch', 'group'] as const)('a forward pass with %s statistics gives the announced shape', norm => {
    for (const backbone of [
      resNet({ depth: 50, stem: 'imagenet', width: 4, norm }),
      resNet({ width: 4, norm }),
      convNet({ widths: [4, 4], strides: [1, 2], norm })
    ]) {
      tf.tidy(() => {
        let shape: Shape = [33, 33, 3]
        let flow: tf.Tensor = seeded(1).normal([2, ...shape])
        for (const stage of backbone.stages) {
          const variables = stage.init(seeded(2), shape)
          flow = stage.apply(variables, flow, { training: true, random: seeded(1) }).output
          expect(flow.shape).toEqual([2, ...variables.outputShape])
          shape = variables.outputShape
        }
        expect(read(flow).every(Number.isFinite)).toBe(true)
      })
    }
  })
})

test.each([
  // torchvision's totals without the classifier of 1000 classes.
  [18, 11_689_512 - 513_000],
  [34, 21_797_672 - 513_000],
  [50, 25_557_032 - 2_049_000]
] as const)('resNet-%i has as many parameters as torchvision counts', (depth, expected) => {
  const counting: Random = { ...seeded(1), split: () => counting, normal: shape => tf.zeros([...shape]) }
  const total = tf.tidy(() => {
    let shape: Shape = [224, 224, 3]
    return resNet({ depth, stem: 'imagenet' }).stages.reduce((sum, stage) => {
      const { params, outputShape } = stage.init(counting, shape)
      shape = outputShape
      return sum + leaves<tf.Tensor>(params).reduce((count, leaf) => count + leaf.size, 0)
    }, 0) as unknown as tf.Tensor
  }) as unknown as number
  expect(total).toBe(expected)
})

test('zeroInitResidual sets the last scale of every residual block to 0, and no other', () => {
  const scalesOf = (zeroInitResidual: boolean): { name: string; first: number }[] =>
    resNet({ depth: 50, width: 2, zeroInitResidual })
      .stages.flatMap(stage => namedLeaves<tf.Tensor>(stage.init(seeded(1), [8, 8, 2]).params))
      .filter(({ name }) => name.endsWith('scale'))
      .map(({ name, value }) => ({ name, first: read(value)[0]! }))
  expect(
    scalesOf(true)
      .filter(({ first }) => first === 0)
      .every(({ name }) => name.endsWith('body.2.norm.scale'))
  ).toBe(true)
  expect(scalesOf(true).filter(({ first }) => first === 0)).toHaveLength(3 + 4 + 6 + 3)
  expect(scalesOf(false).every(({ first }) => first === 1)).toBe(true)
})

test('kernels have the variance 2 / (size² · filters)', () => {
  const [kernel] = leaves<tf.Tensor>(
    convNet({ widths: [64], strides: [1], layers: 1 }).stages[0]!.init(seeded(1), [8, 8, 32]).params
  )
  expect(read(tf.moments(kernel!).variance)[0]).toBeCloseTo(2 / (9 * 64), 3.5)
})

test.each([
  [
    () => convNet({ widths: [1, 2], strides: [1] }),
    'convNet: expected a width and a stride for each stage, got 2 widths and 1 strides.'
  ],
  [() => convNet({ widths: [0], strides: [1] }), 'convNet: expected whole numbers above 0'],
  [() => convNet({ layers: 1e9 }), 'convNet: expected 1000 or less for layers, got 1000000000.'],
  [() => convNet({ widths: [1e9], strides: [1] }), 'convNet: expected 65536 or less for widths, got 1000000000.'],
  [() => convNet({ widths: [1], strides: [1e9] }), 'convNet: expected 65536 or less for strides, got 1000000000.'],
  [
    () => convNet({ widths: Array.from({ length: 1001 }, () => 8), strides: Array.from({ length: 1001 }, () => 1) }),
    'convNet: expected 1000 or less for the number of stages, got 1001.'
  ],
  [() => resNet({ width: 1e9 }), 'resNet: expected 2048 or less for width, got 1000000000.'],
  [() => pResNet50({ width: 7e8 }), 'pResNet50: expected 896 or less for width, got 700000000.'],
  [() => resNet({ depth: 20 as 18 }), 'resNet: expected depth to be 18 or 34 or 50, got 20.'],
  [() => resNet({ depth: '50' as unknown as 50 }), "resNet: expected depth to be 18 or 34 or 50, got '50'."],
  [() => resNet(50 as never), 'resNet: expected options, as in { depth: … }, got 50.'],
  [() => resNet({ stem: 'x' as 'cifar' }), "resNet: expected stem to be 'cifar' or 'imagenet', got 'x'."],
  [() => resNet({ stages: 'x' as 'blocks' }), "resNet: expected stages to be 'groups' or 'blocks', got 'x'."],
  [() => resNet({ norm: 'x' as 'batch' }), "resNet: expected norm to be 'batch' or 'group' or 'layer', got 'x'."],
  [
    () => convNet().stages[0]!.init(seeded(1), [7]),
    'conv1: expected inputs of shape [height, width, channels], got [7].'
  ],
  [
    () => convNet({ widths: [], strides: [] }),
    'convNet: expected a width and a stride for each stage, got 0 widths and 0 strides.'
  ]
])('%s', (act, message) => expect(act).toThrow(message))
