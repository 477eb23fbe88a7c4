import '@tensorflow/tfjs-backend-cpu'
import { leaves, mapTree, meterMemory, seeded, vjp } from '@lapstrake/core'
import { gradientError, read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { batchNorm, convBlock, groupNorm, normOf, type Norm, type NormName } from './index.ts'

test('batch statistics survive a mean a thousand times the deviation', () => {
  const x = tf.add(seeded(1).normal([8, 4, 4, 2]), 1000)
  const { params, buffers } = batchNorm().init(2)
  const { output } = batchNorm().apply({ params, buffers }, x, { training: true, random: seeded(1) })
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
  ['batch', batchNorm()],
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

test('groups are the most up to 32 that divide the channels, unless told otherwise', () => {
  const x = seeded(1).normal([2, 3, 3, 48])
  const outputOf = (kind: Norm): number[] => read(kind.apply(kind.init(48), x, { training: false }).output)
  expect(outputOf(groupNorm())).toEqual(outputOf(groupNorm({ groups: 24 })))
  expect(() => groupNorm({ groups: 0 })).toThrow('groupNorm: expected a whole number of groups above 0, got 0. Try 32.')
  expect(() => groupNorm({ groups: 8 }).init(4)).toThrow(
    'groupNorm: expected groups that divide 4 channels, got 8. Try 4.'
  )
})

test('a name stands for a normalisation, and an unknown one is refused on behalf of who asked', () => {
  expect(Object.keys(normOf('net', 'batch').init(4).buffers)).toEqual(['mean', 'variance'])
  expect(normOf('net', 'group').init(4).buffers).toEqual({})
  const x = seeded(1).normal([2, 3, 3, 4])
  const outputOf = (kind: Norm): number[] => read(kind.apply(kind.init(4), x, { training: false }).output)
  expect(outputOf(normOf('net', 'layer'))).toEqual(outputOf(groupNorm({ groups: 1 })))
  expect(() => normOf('net', 'instance' as NormName)).toThrow(
    'net: expected a normalisation among batch, group, layer, got "instance". Use \'batch\'.'
  )
})
