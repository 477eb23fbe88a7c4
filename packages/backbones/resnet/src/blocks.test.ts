import '@tensorflow/tfjs-backend-cpu'
import { leaves, meterMemory, seeded, vjp, withLeaves } from '@lapstrake/core'
import { describeStage, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { chain, convBlock, residualBlock, type Block } from './blocks.ts'
import golden from './golden/torch.json' with { type: 'json' }
import { batchNorm, groupNorm } from './norm.ts'
import { stageOf } from './stage-of.ts'

const norm = batchNorm()
const inputShape = [5, 7, 4]
describeStage('convolution with batch statistics', stageOf('conv', chain([convBlock({ filters: 3, norm, stride: 2 })])), { inputShape })
describeStage('convolution with group statistics', stageOf('conv', convBlock({ filters: 4, norm: groupNorm({ groups: 2 }), relu: false })), { inputShape })
describeStage('residual block', stageOf('residual', residualBlock({ filters: 6, norm, stride: 2 })), { inputShape, tolerance: 0.1 })

interface Golden { readonly shape: number[]; readonly data: number[] }
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
    ['bottleneck', residualBlock({ filters: 8, stride: 2, norm, bottleneck: true })]
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
  expect(() => groupNorm({ groups: 4 }).init(6)).toThrow('groupNorm: expected groups that divide 6 channels, got 4. Try 3.')
})

test('a block with a ReLU keeps two maps for its backward pass: what entered the normalisation and what left it', () => {
  const block = convBlock({ filters: 8, norm })
  const x = seeded(1).normal([4, 16, 16, 8])
  const variables = block.init(seeded(2), 8)
  const weights = leaves<tf.Tensor>(variables.params)
  const meter = meterMemory()
  const { dispose } = vjp(() => {
    const { output, buffers } = block.apply(variables, x, { training: true, random: seeded(1) })
    return { outputs: [output], aux: buffers }
  }, weights)
  const maps = meter.live() / (x.size * 4)
  meter.stop()
  expect(maps).toBeGreaterThanOrEqual(2)
  expect(maps).toBeLessThan(2.1)
  dispose()
})
