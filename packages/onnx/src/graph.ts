import type { Shape } from '@lapstrake/core'
import { common, open } from './lengths.ts'
import { types, type Attribute, type Initializer, type Node } from './model-file.ts'
import { permuted } from './permuted.ts'
import type { Constant, Operand, Trace } from './trace.ts'

type Attributes = Readonly<Record<string, Attribute>>

/**
 * A graph that grows. TensorFlow.js keeps channels last and ONNX wants them first, so a value may be there in either
 * order, or in both: whoever needs one asks for it, and it is transposed when it is not there yet. So transpositions
 * stand at the ends.
 */
export interface Graph {
  readonly nodes: readonly Node[]
  readonly initializers: readonly Initializer[]
  /** Adds a node and gives the name of its result. */
  add(op: string, inputs: readonly string[], attributes?: Attributes): string
  /** Adds a node with several results and gives their names. */
  addMany(op: string, inputs: readonly string[], results: number, attributes?: Attributes): readonly string[]
  /** What is named, of another type. */
  cast(name: string, from: string, to: string): string
  /** The name of a constant. */
  constant(shape: Shape, values: Numbers): string
  /** The name of a number that spreads over all others. */
  scalar(value: number, type?: string): string
  /** The name of whole numbers, as axes are given. */
  integers(values: readonly number[]): string
  /** The name of lengths, of which {@link open} stands for how many images there are. */
  lengths(values: readonly number[]): string
  /** With {@link open} for a length that grows with the batch. */
  shapeOf(operand: Operand): Shape
  /** For two images, and for three. */
  shapesOf(operand: Operand): readonly [Shape, Shape]
  typeOf(operand: Operand): string
  isChannelsFirst(operand: Operand): boolean
  /** The name of an operand as TensorFlow.js lays it out. */
  plain(operand: Operand): string
  /** The name of an operand of four axes with the channels behind the batch. */
  channelsFirst(operand: Operand): string
  /** The name of an operand that may be smaller, as long as it spreads over what it is combined with. */
  spreading(operand: Operand, channelsFirst: boolean): string
  /** Says what a value is called. */
  name(value: number, plain: string): void
  nameChannelsFirst(value: number, name: string): void
}

type Numbers = Initializer['values']

const first = [0, 3, 1, 2]
const last = [0, 2, 3, 1]

/** @param input what the input is called, and `taken` the names that are not free, that one among them */
export function graph({ values }: Trace, input: string, taken: readonly string[]): Graph {
  const nodes: Node[] = []
  const initializers: Initializer[] = []
  const names = new Map<number, { plain?: string; channelsFirst?: string }>([[0, { plain: input }]])
  const constants = new Map<Constant, string>()
  const numbers = new Map<string, string>()
  let made = 0

  const unused = (name: string): string => (taken.includes(name) ? unused(`${name}_`) : name)
  const addMany: Graph['addMany'] = (op, inputs, results, attributes = {}) => {
    const outputs = Array.from({ length: results }, () => unused(`value${made++}`))
    nodes.push({ op, inputs, outputs, attributes })
    return outputs
  }
  const add: Graph['add'] = (op, inputs, attributes) => addMany(op, inputs, 1, attributes)[0]!
  const constant: Graph['constant'] = (shape, values) => {
    const name = unused(`constant${initializers.length}`)
    initializers.push({ name, shape, values })
    return name
  }
  const once = (key: string, make: () => string): string => {
    if (!numbers.has(key)) numbers.set(key, make())
    return numbers.get(key)!
  }
  /** A constant as it was read: of one row where there is one for each image. */
  const row = (operand: Constant): string => {
    if (!constants.has(operand)) constants.set(operand, constant(operand.shape, operand.values as Numbers))
    return constants.get(operand)!
  }
  const named = (value: number): { plain?: string; channelsFirst?: string } => {
    if (!names.has(value)) names.set(value, {})
    return names.get(value)!
  }
  const transposed = (name: string | undefined, perm: readonly number[]): string => {
    if (name === undefined) {
      throw new Error('toOnnx: expected only the first result of an operation to be used, got another. Leave it out.')
    }
    return add('Transpose', [name], { perm })
  }
  const integers: Graph['integers'] = values =>
    once(values.join(), () => constant([values.length], BigInt64Array.from(values, BigInt)))
  const images = (): string => once('images', () => add('Slice', [add('Shape', [input]), integers([0]), integers([1])]))

  const result: Graph = {
    nodes,
    initializers,
    add,
    addMany,
    constant,
    integers,
    cast: (name, from, to) => (from === to ? name : add('Cast', [name], { to: types[to as keyof typeof types] })),
    scalar(value, type = 'float32') {
      const array = type === 'int32' ? Int32Array : type === 'bool' ? Uint8Array : Float32Array
      return once(`${type} ${Object.is(value, -0) ? '-0' : value}`, () => constant([], array.of(value)))
    },
    lengths(values) {
      if (!values.includes(open)) return integers(values)
      const parts = values.map(value => (value === open ? images() : integers([value])))
      return parts.length === 1 ? parts[0]! : add('Concat', parts, { axis: 0 })
    },
    shapeOf: operand => common(result.shapesOf(operand)),
    shapesOf(operand) {
      if (typeof operand === 'number') return values[operand]!.shapes
      const rest = operand.shape.slice(1)
      return operand.isForEachImage
        ? [
            [2, ...rest],
            [3, ...rest]
          ]
        : [operand.shape, operand.shape]
    },
    typeOf: operand => (typeof operand === 'number' ? values[operand]! : operand).dtype,
    isChannelsFirst: operand => typeof operand === 'number' && named(operand).channelsFirst !== undefined,
    plain(operand) {
      if (typeof operand === 'number') return (named(operand).plain ??= transposed(named(operand).channelsFirst, last))
      if (!operand.isForEachImage) return row(operand)
      return add('Expand', [row(operand), result.lengths([open, ...operand.shape.slice(1)])])
    },
    channelsFirst(operand) {
      if (typeof operand !== 'number') return add('Transpose', [result.plain(operand)], { perm: first })
      return (named(operand).channelsFirst ??= transposed(named(operand).plain, first))
    },
    spreading(operand, channelsFirst) {
      if (typeof operand === 'number') return channelsFirst ? result.channelsFirst(operand) : result.plain(operand)
      if (!channelsFirst || operand.shape.length === 0) return row(operand)
      const shape = [...Array.from({ length: 4 - operand.shape.length }, () => 1), ...operand.shape]
      return constant(
        first.map(axis => shape[axis]!),
        permuted(operand.values, shape, first) as Numbers
      )
    },
    name(value, plain) {
      named(value).plain = plain
    },
    nameChannelsFirst(value, name) {
      named(value).channelsFirst = name
    }
  }
  return result
}
