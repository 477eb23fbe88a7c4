import '@tensorflow/tfjs-backend-cpu'
import { leaves, seeded, vjp, type Mode, type Shape, type Stage } from '@lapstrake/core'
import { describeOnBackends, expectAsOnCpu } from '@lapstrake/testing/node'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, describe, test } from 'vitest'
import {
  batchNorm,
  chain,
  convBlock,
  depthwise,
  groupNorm,
  identity,
  interpolated,
  maxPool,
  normBlock,
  outlines,
  projector,
  residualBlock,
  stageOf,
  type Norm
} from './index.ts'

afterAll(() => tf.setBackend('cpu'))

const training: Mode = { training: true, random: seeded(1) }
const inference: Mode = { training: false }

const normStage = (norm: Norm): Stage => stageOf('norm', normBlock({ filters: 6, norm }))

const norm = batchNorm()
const grouped = chain([interpolated(6, 0.6), convBlock({ filters: 8, groups: 2, norm }), interpolated(8, 2)])
const byChannel = chain([
  depthwise({ filters: 6, stride: 2 }),
  normBlock({ filters: 6, norm }),
  depthwise({ filters: 6, size: 5 })
])
const pooled = chain([maxPool(6), residualBlock({ filters: 8, stride: 2, norm })])

await describeOnBackends(['wasm', 'node'], backend => {
  describe.each<[string, Stage, Shape]>([
    ['batchNorm', normStage(batchNorm()), [5, 4, 6]],
    ['groupNorm', normStage(groupNorm({ groups: 2 })), [5, 4, 6]],
    ['identity', identity(), [5, 4, 6]],
    ['projector', projector({ dims: [8, 5], norm: 'batch' }), [5, 4, 6]],
    ['a convolution in groups between interpolations', stageOf('grouped', grouped), [5, 4, 6]],
    ['depthwise convolutions', stageOf('depthwise', byChannel), [5, 4, 6]],
    ['outlines', stageOf('outlines', outlines()), [5, 4, 3]],
    ['a residual block behind a max-pooling', stageOf('residual', pooled), [5, 4, 6]]
  ])('on %s', (_, stage, inputShape) => {
    test.each([
      ['training', training],
      ['inference', inference]
    ])('in %s: output, buffers, gradients', async (_, mode) => {
      await expectAsOnCpu(backend, () => {
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
})
