import { reluGradient, reluOfSum } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import {
  call,
  implement,
  instead,
  isNumeric,
  sizeOf,
  vectors,
  type Implementation,
  type Native,
  type Natives
} from './kernel.ts'
import type { WasmBackend } from '../wasm-backend.ts'
import { axisArguments, broadcastStrides, merged } from './strides.ts'

type Type = 'float32' | 'int32' | 'bool'

const comparisons = ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual']

/**
 * Functions of two numbers of one type, by the types of what they are given and give; in the order of
 * assembly/elementwise.ts.
 */
const groups: readonly { readonly given: Type; readonly gives: Type; readonly names: readonly string[] }[] = [
  {
    given: 'float32',
    gives: 'float32',
    names: [
      'Add',
      'Sub',
      'Multiply',
      'RealDiv',
      'Maximum',
      'Minimum',
      'SquaredDifference',
      reluGradient.name,
      'EluGrad',
      'Prelu'
    ]
  },
  {
    given: 'int32',
    gives: 'int32',
    names: ['Add', 'Sub', 'Multiply', 'Maximum', 'Minimum', 'SquaredDifference', 'FloorDiv', 'Mod']
  },
  { given: 'float32', gives: 'float32', names: ['Pow', 'Atan2', 'Mod'] },
  { given: 'float32', gives: 'int32', names: ['FloorDiv'] },
  { given: 'float32', gives: 'bool', names: [...comparisons, 'IsNan', 'IsInf', 'IsFinite'] },
  { given: 'int32', gives: 'bool', names: comparisons },
  { given: 'bool', gives: 'bool', names: ['LogicalAnd', 'LogicalOr', 'LogicalNot', 'Equal', 'NotEqual'] }
]

const operations = groups.flatMap(({ given, gives, names }) => names.map(name => ({ name, given, gives })))

type Operation = (typeof operations)[number]

const elementwise =
  (name: string): Native =>
  ({ inputs, backend }) => {
    const a = (inputs.a ?? inputs.x ?? inputs.dy)!
    // What is asked of one number is asked of it twice.
    const b = inputs.b ?? inputs.alpha ?? inputs.y ?? a
    const operation = operations.find(one => one.name === name && one.given === a.dtype && one.given === b.dtype)
    return operation && between(operation, a, b, backend)
  }

/** An operation on the numbers of two tensors, of which one may have to be spread. */
function between(operation: Operation, a: tf.TensorInfo, b: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape)
  const size = sizeOf(shape)
  const { lengths, strides } = merged({
    lengths: shape,
    strides: [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)]
  })
  const last = lengths.length - 1
  const [numbers, aMoves, bMoves] = last < 0 ? [1, 1, 1] : [lengths[last]!, strides[0]![last]!, strides[1]![last]!]
  const rows = { lengths: lengths.slice(0, -1), strides: strides.map(block => block.slice(0, -1)) }
  const result = backend.allocate(shape, operation.gives)
  const work = size === 0 ? 0 : rows.lengths.length === 0 ? vectors(numbers) : size / numbers
  backend.engine.run(
    'binary',
    [
      operations.indexOf(operation),
      ...[a, b, result].map(info => backend.addressOf(info)),
      numbers,
      aMoves,
      bMoves,
      ...axisArguments(rows)
    ],
    work,
    2 * size
  )
  return result
}

/** One after another. */
const addN: Native = given => {
  const [first, ...rest] = Object.values(given.inputs) as [tf.TensorInfo, ...tf.TensorInfo[]]
  if (!isNumeric(first) || first.dtype === 'bool' || rest.some(({ dtype }) => dtype !== first.dtype)) return undefined
  return rest.reduce<tf.TensorInfo>(
    (a, b) => instead(given, a, call('Add', given, { a, b })),
    given.backend.share(first, first.shape)
  )
}

/** Of one shape. */
const sum = implement(reluOfSum, ({ a, b }, _, backend) => {
  const result = backend.allocate(a.shape)
  const work = vectors(sizeOf(a.shape))
  backend.engine.run(
    'reluOfSum',
    [a, b, result].map(info => backend.addressOf(info)),
    work,
    8 * work
  )
  return result
})

const backward = operations.find(({ name }) => name === reluGradient.name)!

export const relus: readonly Implementation[] = [
  implement(reluGradient, ({ dy, y }, _, backend) => between(backward, dy, y, backend)),
  sum
]

export const binary: Natives = {
  ...Object.fromEntries(operations.filter(one => one !== backward).map(({ name }) => [name, elementwise(name)])),
  AddN: addN
}
