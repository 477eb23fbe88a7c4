import '@tensorflow/tfjs-backend-cpu'
import { leaves, mapTree, meterMemory, seeded, vjp, withLeaves } from '@lapstrake/core'
import { describeStage, gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { chain, convBlock, residualBlock, type Block } from './blocks.ts'
import { convolveInGroups } from './grouped-convolution.ts'
import golden from './golden/torch.json' with { type: 'json' }
import { batchNorm, groupNorm, type Norm } from './norm.ts'
import { resize } from './resize.ts'
import { stemOf } from './res-net.ts'
import { stageOf } from './stage-of.ts'

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

const resizedTo = (height: number, width: number): Block => ({
  filters: 2,
  lengthAfter: () => height,
  init: () => ({ params: {}, buffers: {} }),
  apply: (_, input) => ({ output: resize(input as tf.Tensor4D, height, width), buffers: {} })
})

describeStage(
  'residual block with group statistics',
  stageOf('residual', residualBlock({ filters: 4, norm: groupNorm({ groups: 2 }) })),
  { inputShape, tolerance: 0.1 }
)

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
    ['resized', chain([convBlock({ filters: 2, norm }), resizedTo(4, 5)])],
    ['stem', chain(stemOf('imagenet', 2, norm))]
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

test('a convolution in groups is the dense one with a kernel of blocks, and keeps its input and its kernel', () => {
  const [x, kernel] = [seeded(1).normal([2, 5, 4, 6]) as tf.Tensor4D, seeded(2).normal([3, 3, 2, 9]) as tf.Tensor4D]
  const dense = tf.concat(
    [0, 1, 2].map(g =>
      tf.pad(tf.slice(kernel, [0, 0, 0, 3 * g], [3, 3, 2, 3]), [
        [0, 0],
        [0, 0],
        [2 * g, 4 - 2 * g],
        [0, 0]
      ])
    ),
    3
  ) as tf.Tensor4D
  const grouped = convolveInGroups(x, kernel, 3)
  read(tf.conv2d(x, dense, 1, 'same')).forEach((value, i) => expect(read(grouped)[i]).toBeCloseTo(value, 4))
  const tensors = tf.memory().numTensors
  const { outputs, dispose } = vjp(() => ({ outputs: [convolveInGroups(x, kernel, 3)], aux: null }), [x, kernel])
  expect(tf.memory().numTensors).toBe(tensors + 3)
  dispose()
  outputs[0]!.dispose()
  expect(tf.memory().numTensors).toBe(tensors)
})

test('batch statistics survive a mean a thousand times the deviation', () => {
  const x = tf.add(seeded(1).normal([8, 4, 4, 2]), 1000)
  const { params, buffers } = norm.init(2)
  const { output } = norm.apply({ params, buffers }, x, { training: true, random: seeded(1) })
  const { mean, variance } = tf.moments(output, [0, 1, 2])
  read(mean).forEach(value => expect(value).toBeCloseTo(0, 3))
  read(variance).forEach(value => expect(value).toBeCloseTo(1, 3))
})

test('group statistics are those of each group of each example', () => {
  const x = tf.add(tf.mul(seeded(1).normal([2, 3, 3, 4]), 5), 7)
  const { params, buffers } = groupNorm({ groups: 2 }).init(4)
  const { output } = groupNorm({ groups: 2 }).apply({ params, buffers }, x, { training: false })
  const { mean, variance } = tf.moments(tf.reshape(output, [2, 9, 2, 2]), [1, 3])
  read(mean).forEach(value => expect(value).toBeCloseTo(0, 5))
  read(variance).forEach(value => expect(value).toBeCloseTo(1, 4))
  expect(() => groupNorm({ groups: 4 }).init(6)).toThrow(
    'groupNorm: expected groups that divide 6 channels, got 4. Try 3.'
  )
})

describe.each([
  ['batch', norm],
  ['group', groupNorm({ groups: 2 })]
] as const)('%s statistics', (_, kind: Norm) => {
  test('give gradients within half a percent where the mean is a thousand times the deviation', () => {
    const x = seeded(1).normal([8, 4, 4, 4])
    const { params, buffers } = kind.init(4)
    const inputs = leaves<tf.Tensor>(params)
    const weigh = seeded(2).normal(x.shape)
    const [near, far] = [0, 1000].map(mean => {
      // Multiples of 2^-10, so that adding 1000 rounds nothing away.
      const input = tf.add(tf.div(tf.round(tf.mul(x, 1024)), 1024), mean)
      const { pull } = vjp(
        () => ({
          outputs: [kind.apply({ params, buffers }, input, { training: true, random: seeded(1) }).output],
          aux: null
        }),
        [input, ...inputs]
      )
      return pull([weigh], [input, ...inputs], { last: true }).flatMap(read)
    })
    near!.forEach((value, i) => expect(Math.abs(far![i]! - value)).toBeLessThan(5e-3 * Math.max(1, Math.abs(value))))
  })

  test('at inference have gradients that agree with finite differences', () => {
    const variables = kind.init(4)
    const buffers = mapTree<tf.Tensor, tf.Tensor>(variables.buffers, value => tf.add(value, 0.5))
    const weigh = seeded(2).normal([2, 3, 3, 4])
    const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Scalar =>
      tf.sum(tf.mul(kind.apply({ params: { scale, offset }, buffers }, x, { training: false }).output, weigh))
    expect(
      gradientError(f, [seeded(1).normal([2, 3, 3, 4]), ...leaves<tf.Tensor>(variables.params)] as const)
    ).toBeLessThan(0.02)
  })

  test('keep two maps for the backward pass of a block with a ReLU: the input and output of the norm', () => {
    const block = convBlock({ filters: 8, norm: kind })
    const x = seeded(1).normal([4, 16, 16, 8])
    const variables = block.init(seeded(2), 8)
    const meter = meterMemory()
    const { dispose } = vjp(() => {
      const { output, buffers } = block.apply(variables, x, { training: true, random: seeded(1) })
      return { outputs: [output], aux: buffers }
    }, leaves<tf.Tensor>(variables.params))
    const maps = meter.live() / (x.size * 4)
    meter.stop()
    expect(maps).toBeGreaterThanOrEqual(2)
    expect(maps).toBeLessThan(2.1)
    dispose()
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

test('groups are the most up to 32 that divide the channels, unless told otherwise', () => {
  const x = seeded(1).normal([2, 3, 3, 48])
  const outputOf = (kind: Norm): number[] => read(kind.apply(kind.init(48), x, { training: false }).output)
  expect(outputOf(groupNorm())).toEqual(outputOf(groupNorm({ groups: 24 })))
  expect(() => groupNorm({ groups: 0 })).toThrow('groupNorm: expected a whole number of groups above 0, got 0. Try 32.')
  expect(() => groupNorm({ groups: 8 }).init(4)).toThrow(
    'groupNorm: expected groups that divide 4 channels, got 8. Try 4.'
  )
})
