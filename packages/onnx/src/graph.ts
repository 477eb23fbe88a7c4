import type { Shape } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import type { Attribute, Initializer, Node } from './model-file.ts'
import type { Constant, Operand, Trace } from './trace.ts'

/**
 * A graph that grows. TensorFlow.js keeps channels last and ONNX wants them first, so a value may be there in either order, or in
 * both: whoever needs one asks for it, and it is transposed when it is not there yet. So transpositions stand at the ends.
 */
export interface Graph {
  readonly nodes: readonly Node[]
  readonly initializers: readonly Initializer[]
  /** Adds a node and gives the name of its result. */
  add(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string
  /** The name of a constant. */
  constant(shape: Shape, values: Initializer['values']): string
  /** The name of whole numbers, as shapes and axes are given. */
  integers(values: readonly number[]): string
  shapeOf(operand: Operand): Shape
  isChannelsFirst(operand: Operand): boolean
  /** The name of an operand as TensorFlow.js lays it out. */
  plain(operand: Operand): string
  /** The name of an operand of four axes, or one that spreads over four, with the channels behind the batch. */
  channelsFirst(operand: Operand): string
  /** Says what a value is called. */
  name(value: number, plain: string): void
  nameChannelsFirst(value: number, name: string): void
}

const first = [0, 3, 1, 2]
const last = [0, 2, 3, 1]

export function graph({ shapes }: Trace): Graph {
  const nodes: Node[] = []
  const initializers: Initializer[] = []
  const names = new Map<number, { plain?: string; channelsFirst?: string }>()
  const plainConstants = new Map<Constant, string>()
  const integers = new Map<string, string>()

  const add: Graph['add'] = (op, inputs, attributes = {}) => {
    const output = `value${nodes.length}`
    nodes.push({ op, inputs, outputs: [output], attributes })
    return output
  }
  const constant: Graph['constant'] = (shape, values) => {
    const name = `constant${initializers.length}`
    initializers.push({ name, shape, values })
    return name
  }
  const plainConstant = (operand: Constant): string => {
    const before = plainConstants.get(operand)
    if (before !== undefined) return before
    const name = constant(operand.shape, operand.values as Initializer['values'])
    plainConstants.set(operand, name)
    return name
  }
  const named = (value: number): { plain?: string; channelsFirst?: string } => {
    if (!names.has(value)) names.set(value, {})
    return names.get(value)!
  }

  return {
    nodes, initializers, add, constant,
    integers(values) {
      const key = values.join()
      if (!integers.has(key)) integers.set(key, constant([values.length], BigInt64Array.from(values, BigInt)))
      return integers.get(key)!
    },
    shapeOf: operand => (typeof operand === 'number' ? shapes[operand]! : operand.shape),
    isChannelsFirst: operand => typeof operand === 'number' && named(operand).channelsFirst !== undefined,
    plain(operand) {
      if (typeof operand !== 'number') return plainConstant(operand)
      const known = named(operand)
      return known.plain ??= add('Transpose', [known.channelsFirst!], { perm: last })
    },
    channelsFirst(operand) {
      if (typeof operand !== 'number') {
        if (operand.shape.length === 0) return plainConstant(operand)
        const shape = [...Array.from({ length: 4 - operand.shape.length }, () => 1), ...operand.shape]
        return constant(first.map(axis => shape[axis]!), permuted(operand.values, shape, first) as Initializer['values'])
      }
      const known = named(operand)
      return known.channelsFirst ??= add('Transpose', [known.plain!], { perm: first })
    },
    name(value, plain) { named(value).plain = plain },
    nameChannelsFirst(value, name) { named(value).channelsFirst = name }
  }
}

/** Numbers in the order that they have when their four axes change places. */
export function permuted(values: tf.TypedArray, shape: Shape, order: readonly number[]): tf.TypedArray {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1))
  const [a, b, c, d] = order.map(axis => ({ length: shape[axis]!, stride: strides[axis]! })) as [Axis, Axis, Axis, Axis]
  const result = values.slice()
  let at = 0
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      for (let k = 0; k < c.length; k++) {
        for (let l = 0; l < d.length; l++) result[at++] = values[i * a.stride + j * b.stride + k * c.stride + l * d.stride]!
      }
    }
  }
  return result
}

interface Axis {
  readonly length: number
  readonly stride: number
}
