import '@tensorflow/tfjs-backend-cpu'
import { leaves, own, seeded, vjp, type Mode, type Shape } from '@lapstrake/core'
import { batchNorm, chain, stageOf } from '@lapstrake/layers'
import { read } from '@lapstrake/testing'
import { describeOnBackends, expectAsOnCpu } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, test } from 'vitest'
import { shuffleNet } from './index.ts'
import { shuffleUnit } from './shuffle-unit.ts'

afterAll(() => tf.setBackend('cpu'))

const training: Mode = { training: true, random: seeded(1) }
const inference: Mode = { training: false }

const norm = batchNorm()
const units = [shuffleUnit({ entering: 6, filters: 10, norm }), shuffleUnit({ entering: 10, filters: 10, norm })]
const stage = stageOf('units', chain(units))
const inputShape = [5, 6, 6]

await describeOnBackends(['wasm', 'node'], backend => {
  test.each([
    ['training', training],
    ['inference', inference]
  ])('on units that shrink and that do not in %s: output, buffers, gradients', async (_, mode) => {
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

  test('on a forward pass of shuffleNet', async () => {
    await expectAsOnCpu(backend, () => {
      let shape: Shape = [32, 32, 3]
      let flow: tf.Tensor = seeded(2).normal([2, ...shape])
      for (const stage of shuffleNet({ width: 0.5 }).stages) {
        const variables = stage.init(seeded(1), shape)
        flow = own(() => stage.apply(variables, flow, training).output)
        shape = variables.outputShape
      }
      return read(flow)
    })
  })
})
