import type { Call } from '@lapstrake/kernels'
import type { Graph } from '../graph.ts'
import { clip } from './elementwise.ts'

/** What a kernel has fused to its end. */
export function activated(graph: Graph, x: string, { kernel, inputs, attrs }: Call): string {
  const { activation, leakyreluAlpha } = attrs
  const isMaps = kernel !== '_FusedMatMul'
  switch (activation) {
    case undefined:
    case null:
    case 'linear':
      return x
    case 'relu':
      return graph.add('Relu', [x])
    case 'relu6':
      return clip(graph, x, 0, 6)
    case 'elu':
      return graph.add('Elu', [x])
    case 'sigmoid':
      return graph.add('Sigmoid', [x])
    case 'prelu':
      return graph.add('PRelu', [x, graph.spreading(inputs.preluActivationWeights!, isMaps)])
    case 'leakyrelu':
      // TensorFlow.js has 0.2 where it learns and nothing, so NaN, where it does not.
      if (typeof leakyreluAlpha !== 'number') {
        throw new Error(
          `toOnnx: expected a slope for the leaky ReLU in ${kernel}, got none. Give it leakyreluAlpha: 0.2.`
        )
      }
      return graph.add('LeakyRelu', [x], { alpha: { float: leakyreluAlpha } })
    default:
      throw new Error(
        `toOnnx: expected an activation of ${kernel} among relu, relu6, elu, sigmoid, prelu and leakyrelu, ` +
          `got ${String(activation)}. Write it as an operation of its own.`
      )
  }
}
