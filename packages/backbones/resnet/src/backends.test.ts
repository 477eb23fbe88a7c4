import '@tensorflow/tfjs-backend-cpu'
import { leaves, own, seeded, vjp, type Mode, type Shape } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import { describeOnBackends, expectAsOnCpu } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, test } from 'vitest'
import { convNet, pResNet50, resNet } from './index.ts'

afterAll(() => tf.setBackend('cpu'))

const training: Mode = { training: true, random: seeded(1) }
const inference: Mode = { training: false }

const stage = pResNet50({ width: 7 }).stages[3]!
const inputShape = [3, 4, 72]

await describeOnBackends(['wasm', 'node'], backend => {
  test.each([
    ['training', training],
    ['inference', inference]
  ])('on a stage of pResNet50 with two groups in %s: output, buffers, gradients', async (_, mode) => {
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

  test.each([
    ['convNet', convNet({ widths: [4, 6], strides: [1, 2] })],
    ['resNet-18', resNet({ stem: 'imagenet', width: 4 })],
    ['resNet-50', resNet({ depth: 50, width: 4, norm: 'group' })]
  ])('on a forward pass of %s', async (_, { stages }) => {
    await expectAsOnCpu(backend, () => {
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
