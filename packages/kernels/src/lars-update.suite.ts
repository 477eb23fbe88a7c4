import * as tf from '@tensorflow/tfjs-core'
import type { KernelSuite } from './kernel-suite.ts'
import { larsUpdate } from './lars-update.ts'
import { parameterShapes } from './parameter-shapes.ts'

export const larsUpdateSuite: KernelSuite<typeof larsUpdate> = {
  kernel: larsUpdate,
  examples: random =>
    parameterShapes.flatMap(shape => {
      const [param, gradient, velocity] = ['param', 'gradient', 'velocity'].map(name =>
        random.split(name).normal(shape)
      ) as [tf.Tensor, tf.Tensor, tf.Tensor]
      const attributes = { momentum: 0.9, decay: 0.1, rate: 0.5, trust: 0.02, adapts: true }
      return [
        { inputs: { param, gradient, velocity }, attributes },
        { inputs: { param, gradient, velocity }, attributes: { ...attributes, decay: 0, adapts: false } },
        { inputs: { param: tf.zeros([...shape]), gradient, velocity }, attributes }
      ]
    })
}
