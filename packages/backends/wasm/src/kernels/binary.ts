import * as tf from '@tensorflow/tfjs-core'
import { isFloat, sizeOf, vectors, type Native, type Natives } from './kernel.ts'
import { axisArguments, broadcastStrides, merged } from './strides.ts'

// The same order as in assembly/elementwise.ts; what begins with the first of the comparisons gives bool.
const names = [
  'Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference', 'ReluGradient', 'ReluOfSum',
  'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'
]

const elementwise = (op: number): Native => ({ inputs, backend }) => {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
  if (!isFloat(a, b)) return undefined
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
  const size = sizeOf(shape)
  const { lengths, strides } = merged({ lengths: shape, strides: [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)] })
  const last = lengths.length - 1
  const [numbers, aMoves, bMoves] = last < 0 ? [1, 1, 1] : [lengths[last]!, strides[0]![last]!, strides[1]![last]!]
  const rows = { lengths: lengths.slice(0, -1), strides: strides.map(block => block.slice(0, -1)) }
  const result = backend.allocate(shape, op < names.indexOf('Greater') ? 'float32' : 'bool')
  const work = size === 0 ? 0 : rows.lengths.length === 0 ? vectors(numbers) : size / numbers
  backend.engine.run('binary', [
    op, backend.addressOf(a), backend.addressOf(b), backend.addressOf(result), numbers, aMoves, bMoves, ...axisArguments(rows)
  ], work, 2 * size)
  return result
}

export const binary: Natives = Object.fromEntries(names.map((name, op) => [name, elementwise(op)]))
