import '@tensorflow/tfjs-backend-cpu'
import { leaves, seeded, vjp, withLeaves } from '@lapstrake/core'
import { describeStage, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import golden from './golden/torch.json' with { type: 'json' }
import {
  batchNorm,
  chain,
  convBlock,
  convolution,
  depthwise,
  groupNorm,
  interpolated,
  maxPool,
  normBlock,
  residual,
  residualBlock,
  stageOf,
  stagesOf,
  type Block
} from './index.ts'

const norm = batchNorm()
const inputShape = [5, 7, 4]
describeStage(
  'convolution with batch statistics',
  stageOf('conv', chain([convBlock({ filters: 3, norm, stride: 2 })])),
  { inputShape }
)
describeStage(
  'convolution with group statistics',
  stageOf('conv', convBlock({ filters: 4, norm: groupNorm({ groups: 2 }), relu: false })),
  { inputShape }
)
describeStage('residual block', stageOf('residual', residualBlock({ filters: 6, norm, stride: 2 })), {
  inputShape,
  tolerance: 0.1
})
describeStage(
  'residual block with group statistics',
  stageOf('residual', residualBlock({ filters: 4, norm: groupNorm({ groups: 2 }) })),
  { inputShape, tolerance: 0.1 }
)
describeStage(
  'depthwise convolution',
  stageOf('depthwise', chain([depthwise({ filters: 4, stride: 2 }), normBlock({ filters: 4, norm, relu: false })])),
  { inputShape }
)
describeStage('convolution by itself', stageOf('conv', convolution({ filters: 3, stride: 2 })), { inputShape })
describeStage('normalisation by itself', stageOf('norm', normBlock({ filters: 4, norm })), {
  inputShape,
  tolerance: 0.1
})
describeStage('max-pooling', stageOf('pool', maxPool(4)), { inputShape, tolerance: 0.1 })
describeStage('interpolation', stageOf('interpolated', interpolated(4, 1.5)), { inputShape })

interface Golden {
  readonly shape: number[]
  readonly data: number[]
}
const tensor = ({ shape, data }: Golden): tf.Tensor => tf.tensor(data, shape)

function closeTo(found: tf.Tensor, { shape, data }: Golden): void {
  expect(found.shape).toEqual(shape)
  const numbers = read(found)
  const largest = Math.max(...data.map(Math.abs))
  data.forEach((value, i) => expect(Math.abs(numbers[i]! - value)).toBeLessThan(1e-4 * Math.max(1, largest)))
}

describe('agrees with PyTorch: outputs, gradients, running statistics', () => {
  test.each<[keyof typeof golden.cases, Block]>([
    ['convBlock', convBlock({ filters: 4, stride: 2, norm })],
    ['basic', residualBlock({ filters: 8, stride: 2, norm })],
    ['basicSame', residualBlock({ filters: 4, norm })],
    ['bottleneck', residualBlock({ filters: 8, stride: 2, norm, bottleneck: true })],
    ['groups', convBlock({ filters: 4, stride: 2, norm: groupNorm({ groups: 2 }) })],
    ['stage', chain([convBlock({ filters: 4, stride: 2, norm }), convBlock({ filters: 4, norm })])],
    ['grouped', convBlock({ filters: 9, groups: 3, norm })],
    ['grouped1x1', convBlock({ filters: 4, size: 1, groups: 2, norm })],
    [
      'depthwise',
      chain([
        depthwise({ filters: 4, stride: 2 }),
        normBlock({ filters: 4, norm }),
        depthwise({ filters: 4, size: 5 }),
        normBlock({ filters: 4, norm, relu: false })
      ])
    ],
    [
      'preActivated',
      chain([
        normBlock({ filters: 4, norm }),
        residual({
          body: chain([convBlock({ filters: 6, stride: 2, norm }), convolution({ filters: 6 })]),
          projection: convolution({ filters: 6, size: 1, stride: 2 }),
          resizes: true,
          relu: false
        })
      ])
    ],
    ['resized', chain([convBlock({ filters: 2, norm }), interpolated(2, 2 / 3)])],
    ['stem', chain([convBlock({ filters: 2, size: 7, stride: 2, norm }), maxPool(2)])]
  ])('%s', (name, block) => {
    const expected = golden.cases[name]
    const x = tensor(expected.input)
    const { params, buffers } = block.init(seeded(1), x.shape.at(-1)!)
    const weights = expected.params.map(tensor)
    const variables = { params: withLeaves(params, weights), buffers }
    const { outputs, aux, pull } = vjp(() => {
      const { output, buffers } = block.apply(variables, x, { training: true, random: seeded(1) })
      return { outputs: [output], aux: buffers }
    }, [x, ...weights])
    closeTo(outputs[0]!, expected.output)
    const [dx, ...gradients] = pull([tensor(expected.weigh)], [x, ...weights], { last: true })
    closeTo(dx!, expected.inputGradient)
    gradients.forEach((gradient, i) => closeTo(gradient!, expected.gradients[i]!))
    leaves(aux).forEach((statistic, i) => closeTo(statistic, expected.running[i]!))
    closeTo(block.apply({ params: variables.params, buffers: aux }, x, { training: false }).output, expected.inference)
  })
})

test('TensorFlow.js alone finds the same gradients through a residual block, and leaves nothing behind', () => {
  const block = residualBlock({ filters: 4, norm })
  const x = seeded(1).normal([2, 5, 5, 4])
  const variables = block.init(seeded(2), 4)
  const inputs = [x, ...leaves<tf.Tensor>(variables.params)]
  const output = (): tf.Tensor => block.apply(variables, x, { training: true, random: seeded(1) }).output
  const ours = vjp(() => ({ outputs: [output()], aux: null }), inputs).pull([tf.onesLike(x)], inputs, { last: true })
  const tensors = tf.memory().numTensors
  const theirs = tf.tidy(() => tf.grads(output)(inputs))
  expect(tf.memory().numTensors).toBe(tensors + inputs.length)
  theirs.forEach((gradient, i) => read(gradient).forEach((value, j) => expect(value).toBeCloseTo(read(ours[i])[j]!, 5)))
})

test('a residual block that starts at zero passes on the positive part of its input', () => {
  const block = residualBlock({ filters: 4, norm, zeroInit: true })
  const x = seeded(1).normal([2, 5, 5, 4])
  const { output } = block.apply(block.init(seeded(2), 4), x, { training: true, random: seeded(1) })
  expect(read(output)).toEqual(read(tf.relu(x)))
})

test('a sum without a ReLU keeps neither of its terms, and reaches both', () => {
  const body = interpolated(3, 1)
  const block = residual({ body, projection: body, resizes: false, relu: false })
  const x = seeded(1).normal([2, 4, 4, 3])
  const tensors = tf.memory().numTensors
  const { outputs, pull } = vjp(
    () => ({ outputs: [block.apply(block.init(seeded(2), 3), x, { training: false }).output], aux: null }),
    [x]
  )
  expect(tf.memory().numTensors).toBe(tensors + 1)
  expect(read(outputs[0])).toEqual(read(tf.mul(x, 2)))
  expect(read(pull([tf.onesLike(x)], [x], { last: true })[0])).toEqual(read(tf.fill(x.shape, 2)))
})

test('depthwise kernels have the variance 2 / size²', () => {
  const { kernel } = depthwise({ filters: 4096 }).init(seeded(1), 4096).params as { kernel: tf.Tensor }
  expect(kernel.shape).toEqual([3, 3, 1, 4096])
  expect(Math.abs(read(tf.moments(kernel).variance)[0]! / (2 / 9) - 1)).toBeLessThan(0.05)
})

test('blocks become one stage, or a stage for each list, in the same order', () => {
  const lists = [[convBlock({ filters: 4, stride: 2, norm }), maxPool(4)], [convBlock({ filters: 6, norm })]]
  expect(
    stagesOf('res', lists, 'groups').map(({ name, init }) => [name, init(seeded(1), [8, 8, 3]).outputShape])
  ).toEqual([['res', [2, 2, 6]]])
  const [first, second] = stagesOf('res', lists, 'blocks')
  expect([first!.name, first!.init(seeded(1), [8, 8, 3]).outputShape]).toEqual(['resa', [2, 2, 4]])
  expect([second!.name, second!.init(seeded(1), [2, 2, 4]).outputShape]).toEqual(['resb', [2, 2, 6]])
})

test('interpolation rounds lengths, and leaves one pixel at least', () => {
  expect([7, 4, 1].map(interpolated(3, 2 / 3).lengthAfter)).toEqual([5, 3, 1])
  expect(interpolated(3, 0.1).lengthAfter(1)).toBe(1)
  const pixels = tf.tensor4d([0, 1, 2, 3], [1, 1, 4, 1])
  const { output } = interpolated(1, 0.5).apply({ params: {}, buffers: {} }, pixels, { training: false })
  // Squares of which two become one: its centre lies between theirs.
  expect(output.shape).toEqual([1, 1, 2, 1])
  expect(read(output)).toEqual([0.5, 2.5])
})

test('max-pooling halves lengths upwards, and takes the largest of a pixel and its neighbours', () => {
  expect([7, 4, 1].map(maxPool(3).lengthAfter)).toEqual([4, 2, 1])
  const pixels = tf.tensor4d([5, 1, 2, 3, 9], [1, 1, 5, 1])
  const { output } = maxPool(1).apply({ params: {}, buffers: {} }, pixels, { training: false })
  expect(output.shape).toEqual([1, 1, 3, 1])
  expect(read(output)).toEqual([5, 3, 9])
})

test.each([
  [() => chain([]), 'chain: expected at least one block, got none.'],
  [() => chain([undefined as never]), 'chain: expected a list of blocks, as in chain([convBlock('],
  [() => convBlock({ filters: 4 } as never), 'convBlock: expected a normalisation, as in norm: batchNorm().'],
  [
    () => residualBlock({ norm } as never),
    'residualBlock: expected a whole number above 0 for filters, got undefined.'
  ],
  [() => convBlock({ filters: 1e9, norm }), 'convBlock: expected 65536 or less for filters, got 1000000000.'],
  [() => residualBlock({ filters: 1e9, norm }), 'residualBlock: expected 65536 or less for filters, got 1000000000.'],
  [() => convBlock({ filters: 0, norm }), 'convBlock: expected a whole number above 0 for filters, got 0.'],
  [() => convBlock({ filters: 4, size: 2, norm }), 'convBlock: expected an odd size, which pads alike on all sides'],
  [
    () => convBlock({ filters: 4, stride: 2, groups: 2, norm }),
    'convBlock: expected no stride with groups, got a stride of 2 and 2 groups. Put maxPool or interpolated before it.'
  ],
  [() => convBlock({ filters: 4, groups: 3, norm }), 'convBlock: expected groups that divide 4 filters, got 3.'],
  [
    () => convBlock({ filters: 4, groups: 2, norm }).init(seeded(1), 5),
    'convBlock: expected groups that divide 5 channels, got 2.'
  ],
  [
    () => residualBlock({ filters: 6, norm, bottleneck: true }),
    'residualBlock: expected filters that are a multiple of 4, got 6. Try 64.'
  ],
  [
    () =>
      residual({ body: convBlock({ filters: 4, norm }), projection: convBlock({ filters: 6, norm }), resizes: false }),
    'residual: expected a body and a projection that give as many channels, got 4 and 6.'
  ],
  [
    () => convolution({ filters: 4, stride: 2, groups: 2 }),
    'convolution: expected no stride with groups, got a stride of 2 and 2 groups.'
  ],
  [() => convolution({ filters: 0 }), 'convolution: expected a whole number above 0 for filters, got 0.'],
  [() => depthwise({ filters: 4, size: 2 }), 'depthwise: expected an odd size, which pads alike on all sides, got 2.'],
  [() => depthwise({ filters: 1e9 }), 'depthwise: expected 65536 or less for filters, got 1000000000.'],
  [() => depthwise({ filters: 4 }).init(seeded(1), 6), 'depthwise: expected 4 channels, got 6.'],
  [() => normBlock({ filters: 4 } as never), 'normBlock: expected a normalisation, as in norm: batchNorm().'],
  [() => normBlock({ filters: 4, norm }).init(seeded(1), 6), 'normBlock: expected 4 channels, got 6.'],
  [() => normBlock({ filters: 0, norm }), 'normBlock: expected a whole number above 0 for filters, got 0.'],
  [
    () => stagesOf('res', undefined as never, 'blocks'),
    'stagesOf: expected a list of lists of blocks, as in [[convBlock({ … })], [maxPool(32)]].'
  ],
  [
    () =>
      stagesOf(
        'res',
        Array.from({ length: 27 }, () => [maxPool(4)]),
        'blocks'
      ),
    'stagesOf: expected at most 26 blocks to name by letters, got 27.'
  ],
  [() => maxPool(4).init(seeded(1), 6), 'maxPool: expected 4 channels, got 6. Give it the channels that enter it.'],
  [() => interpolated(4, 0.5).init(seeded(1), 6), 'interpolated: expected 4 channels, got 6.'],
  [() => interpolated(4, 0), 'interpolated: expected a ratio above 0, got 0. Try 0.5, which halves the maps.'],
  [
    () => stageOf('first', convBlock({ filters: 4, norm })).init(seeded(1), [7]),
    'first: expected inputs of shape [height, width, channels], got [7].'
  ]
])('%s', (act, message) => expect(act).toThrow(message))
