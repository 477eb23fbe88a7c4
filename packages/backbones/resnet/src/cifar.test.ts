import '@tensorflow/tfjs-backend-cpu'
import {
  leaves,
  namedLeaves,
  own,
  seeded,
  withLeaves,
  type Backbone,
  type Random,
  type Shape,
  type Tree
} from '@lapstrake/core'
import { describeStage, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import golden from './golden/cifar.json' with { type: 'json' }
import { cifarResNet, wideResNet } from './index.ts'

const zeros: Random = { ...seeded(1), split: () => zeros, normal: shape => tf.zeros([...shape]) }

describeStage('the last stage of a wideResNet', wideResNet({ depth: 10, width: 1 }).stages[2]!, {
  inputShape: [3, 2, 32],
  tolerance: 0.2
})

/** What comes out of each stage, and how many parameters all have. */
function measured({ stages }: Backbone): { readonly shapes: readonly Shape[]; readonly parameters: number } {
  let [shape, parameters]: [Shape, number] = [[32, 32, 3], 0]
  const shapes = stages.map(stage => {
    const { params, buffers, outputShape } = stage.init(zeros, shape)
    parameters += leaves<tf.Tensor>(params).reduce((sum, { size }) => sum + size, 0)
    tf.dispose(leaves<tf.Tensor>([params, buffers]))
    return (shape = outputShape)
  })
  return { shapes, parameters }
}

describe('millions of parameters with a classifier of 100 classes, as Tian et al. count them', () => {
  test.each([
    [cifarResNet({ depth: 20 }), 'resnet20', 0.28],
    [cifarResNet({ depth: 56 }), 'resnet56', 0.86],
    [cifarResNet({ depth: 110 }), 'resnet110', 1.74],
    [cifarResNet({ depth: 8, width: 4 }), 'resnet8x4', 1.23],
    [cifarResNet({ depth: 32, width: 4 }), 'resnet32x4', 7.43],
    [wideResNet({ depth: 16, width: 2 }), 'wrn-16-2', 0.7],
    [wideResNet({ depth: 40, width: 1 }), 'wrn-40-1', 0.57],
    [wideResNet({ depth: 40, width: 2 }), 'wrn-40-2', 2.26]
  ])('$name', (backbone, name, millions) => {
    const { shapes, parameters } = measured(backbone)
    const features = shapes.at(-1)!.at(-1)!
    expect(backbone.name).toBe(name)
    expect(shapes.map(([height]) => height)).toEqual([32, 16, 8])
    expect(((parameters + 100 * (features + 1)) / 1e6).toFixed(2)).toBe(millions.toFixed(2))
  })
})

/** Draws what golden/cifar.py draws, in the same order. */
function drawn({
  stages
}: Backbone): readonly { readonly params: Tree<tf.Tensor>; readonly buffers: Tree<tf.Tensor> }[] {
  let state = 1
  const uniform = (low: number, high: number): number => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0
    return low + ((high - low) * state) / 2 ** 32
  }
  const filled = ({ shape, size }: tf.Tensor, low: number, high: number): tf.Tensor => {
    const values = Array.from({ length: size }, () => uniform(low, high))
    if (shape.length !== 4) return tf.tensor(values, shape)
    return tf.transpose(
      tf.tensor(
        values,
        [3, 2, 0, 1].map(axis => shape[axis]!)
      ),
      [2, 3, 1, 0]
    )
  }
  const drawnTree = (tree: Tree<tf.Tensor>): Tree<tf.Tensor> =>
    withLeaves<tf.Tensor, tf.Tensor>(
      tree,
      namedLeaves<tf.Tensor>(tree).map(({ name, value }) => {
        if (/(scale|variance)$/.test(name)) return filled(value, 0.5, 1.5)
        const bound = value.rank === 4 ? Math.sqrt((6 * value.shape[3]!) / value.size) : 0.2
        return filled(value, -bound, bound)
      })
    )
  let shape: Shape = [8, 7, 3]
  const first = stages.map(stage => {
    const variables = stage.init(zeros, shape)
    shape = variables.outputShape
    return variables
  })
  const params = first.map(({ params }) => drawnTree(params))
  return first.map(({ buffers }, i) => ({ params: params[i]!, buffers: drawnTree(buffers) }))
}

describe('agrees with the network written in plain PyTorch', () => {
  test.each<[keyof typeof golden.features, Backbone]>([
    ['resnet8x2', cifarResNet({ depth: 8, width: 2 })],
    ['resnet8x2', cifarResNet({ depth: 8, width: 2, stages: 'blocks' })],
    ['wrn-10-2', wideResNet({ depth: 10, width: 2 })],
    ['wrn-16-1', wideResNet({ depth: 16, width: 1 })],
    ['wrn-16-1', wideResNet({ depth: 16, width: 1, stages: 'blocks' })]
  ])('%s', (name, backbone) => {
    const { data, shape } = golden.features[name]
    const variables = drawn(backbone)
    const found = own(() =>
      backbone.stages.reduce<tf.Tensor>(
        (flow, stage, i) => stage.apply(variables[i]!, flow, { training: false }).output,
        tf.tensor(golden.images.data, golden.images.shape)
      )
    )
    expect(found.shape).toEqual(shape)
    const largest = Math.max(...data.map(Math.abs))
    expect(largest).toBeGreaterThan(0.1)
    expect(Math.max(...read(found).map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(1e-4 * largest)
  })
})

test('cut at every block, the stem goes with the first and the last normalisation with the last', () => {
  const wide = wideResNet({ depth: 16, width: 1, stages: 'blocks' })
  expect(wide.stages.map(({ name }) => name)).toEqual(['res2a', 'res2b', 'res3a', 'res3b', 'res4a', 'res4b'])
  expect(
    cifarResNet({ depth: 110, stages: 'blocks' })
      .stages.map(({ name }) => name)
      .slice(17, 19)
  ).toEqual(['res2r', 'res3a'])
  expect(measured(wide).parameters).toBe(measured(wideResNet({ depth: 16, width: 1 })).parameters)
})

test("a cifarResNet goes out under torchvision's names, in three layers", () => {
  const { stages, stateDict } = cifarResNet({ depth: 14, width: 2 })
  let shape: Shape = [32, 32, 3]
  const names = Object.keys(
    stateDict!(
      stages.map(stage => {
        const variables = stage.init(zeros, shape)
        shape = variables.outputShape
        return variables
      })
    )
  )
  expect(names.filter(name => /conv1.weight|downsample.0/.test(name))).toEqual([
    'conv1.weight',
    ...['layer1.0.conv1.weight', 'layer1.1.conv1.weight'],
    ...['layer2.0.conv1.weight', 'layer2.0.downsample.0.weight', 'layer2.1.conv1.weight'],
    ...['layer3.0.conv1.weight', 'layer3.0.downsample.0.weight', 'layer3.1.conv1.weight']
  ])
})

test('zeroInitResidual sets the last scale of every residual block to 0', () => {
  const { params } = cifarResNet({ depth: 8, zeroInitResidual: true }).stages[1]!.init(zeros, [4, 4, 16])
  expect(
    namedLeaves<tf.Tensor>(params)
      .filter(({ name, value }) => name.endsWith('scale') && read(value)[0] === 0)
      .map(({ name }) => name)
  ).toEqual(['0.body.1.norm.scale'])
})

test.each([
  [() => cifarResNet({ depth: 18 as 8 }), 'cifarResNet: expected depth to be 8 or 14 or 20 or 32 or 44 or 56 or 110'],
  [() => cifarResNet({ width: 0.5 }), 'cifarResNet: expected a whole number above 0 for width, got 0.5.'],
  [() => cifarResNet({ width: 1e4 }), 'cifarResNet: expected 1024 or less for width, got 10000.'],
  [() => wideResNet({ depth: 18 as 10 }), 'wideResNet: expected depth to be 10 or 16 or 22 or 28 or 40, got 18.'],
  [() => wideResNet({ width: 0 }), 'wideResNet: expected a whole number above 0 for width, got 0.'],
  [() => wideResNet({ width: 1e4 }), 'wideResNet: expected 1024 or less for width, got 10000.'],
  [() => wideResNet({ stages: 'x' as 'blocks' }), "wideResNet: expected stages to be 'groups' or 'blocks', got 'x'."]
])('%s', (act, message) => expect(act).toThrow(message))
