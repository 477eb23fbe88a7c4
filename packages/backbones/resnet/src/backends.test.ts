import '@tensorflow/tfjs-backend-cpu'
import { leaves, own, seeded, vjp, type Mode, type Shape, type Stage } from '@lapstrake/core'
import { describeOnBackends } from '@lapstrake/testing/node'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, describe, expect, test } from 'vitest'
import type { Block } from './blocks.ts'
import { convNet, identity, pResNet50, projector, resNet } from './index.ts'
import { batchNorm, groupNorm, type Norm } from './norm.ts'
import { stageOf } from './stage-of.ts'

afterAll(() => tf.setBackend('cpu'))

const training: Mode = { training: true, random: seeded(1) }
const inference: Mode = { training: false }

/** A normalisation by itself, with a ReLU. */
const normStage = (norm: Norm): Stage =>
  stageOf('norm', {
    filters: 6,
    lengthAfter: length => length,
    init: (_, channels) => norm.init(channels),
    apply: (variables, input, mode) => norm.apply(variables, input, mode, { relu: true })
  } satisfies Block)

async function onBoth(backend: string, run: () => number[]): Promise<void> {
  const [expected, found] = [[], []] as [number[], number[]]
  for (const [name, numbers] of [
    ['cpu', expected],
    [backend, found]
  ] as const) {
    expect(await tf.setBackend(name)).toBe(true)
    numbers.push(...(tf.tidy(() => run() as unknown as tf.Tensor) as unknown as number[]))
  }
  expect(found).toHaveLength(expected.length)
  const largest = Math.max(1, ...expected.map(Math.abs))
  found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * largest))
}

await describeOnBackends(['wasm', 'node'], backend => {
  describe.each<[string, Stage, Shape]>([
    ['batchNorm', normStage(batchNorm()), [5, 4, 6]],
    ['groupNorm', normStage(groupNorm({ groups: 2 })), [5, 4, 6]],
    ['identity', identity(), [5, 4, 6]],
    ['projector', projector({ dims: [8, 5], norm: 'batch' }), [5, 4, 6]],
    ['a stage of pResNet50 with two groups', pResNet50({ width: 7 }).stages[3]!, [3, 4, 72]]
  ])('on %s', (_, stage, inputShape) => {
    test.each([
      ['training', training],
      ['inference', inference]
    ])('in %s: output, buffers, gradients', async (_, mode) => {
      await onBoth(backend, () => {
        const { params, buffers } = stage.init(seeded(1), inputShape)
        const input = seeded(2).normal([7, ...inputShape])
        const wanted = [input, ...leaves<tf.Tensor>(params)]
        const { outputs, aux, pull } = vjp(() => {
          const { output, buffers: after } = stage.apply({ params, buffers }, input, mode)
          return { outputs: [output], aux: mode.training ? after : {} }
        }, wanted)
        return read([outputs, aux, pull([seeded(3).normal(outputs[0]!.shape)], wanted, { last: true })])
      })
    })
  })

  test.each([
    ['convNet', convNet({ widths: [4, 6], strides: [1, 2] })],
    ['resNet-18', resNet({ stem: 'imagenet', width: 4 })],
    ['resNet-50', resNet({ depth: 50, width: 4, norm: 'group' })]
  ])('on a forward pass of %s', async (_, { stages }) => {
    await onBoth(backend, () => {
      let shape: Shape = [32, 32, 3]
      let flow: tf.Tensor = seeded(2).normal([4, ...shape])
      for (const stage of stages) {
        const variables = stage.init(seeded(1), shape)
        flow = own(() => stage.apply(variables, flow, training).output)
        shape = variables.outputShape
      }
      return read(flow)
    })
  })
})
