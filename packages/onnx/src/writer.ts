import type { Shape } from '@lapstrake/core'
import { types, type Attribute, type Initializer, type Node } from './model-file.ts'

/** The nodes and initializers of a model, one after another. */
export interface Writer {
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
  /** The name of a number that spreads over all others; the same for the same number. */
  scalar(value: number, type?: string): string
  /** The name of whole numbers, as axes are given; the same for the same numbers. */
  integers(values: readonly number[]): string
}

type Attributes = Readonly<Record<string, Attribute>>

/** What an initializer may hold. */
export type Numbers = Initializer['values']

/** @param taken the names that are not free */
export function writer(taken: readonly string[]): Writer {
  const nodes: Node[] = []
  const initializers: Initializer[] = []
  const numbers = new Map<string, string>()
  let made = 0

  const unused = (name: string): string => (taken.includes(name) ? unused(`${name}_`) : name)
  const once = (key: string, values: Numbers, shape: Shape): string => {
    if (!numbers.has(key)) numbers.set(key, constant(shape, values))
    return numbers.get(key)!
  }
  const addMany: Writer['addMany'] = (op, inputs, results, attributes = {}) => {
    const outputs = Array.from({ length: results }, () => unused(`value${made++}`))
    nodes.push({ op, inputs, outputs, attributes })
    return outputs
  }
  const add: Writer['add'] = (op, inputs, attributes) => addMany(op, inputs, 1, attributes)[0]!
  const constant: Writer['constant'] = (shape, values) => {
    const name = unused(`constant${initializers.length}`)
    initializers.push({ name, shape, values })
    return name
  }
  return {
    nodes,
    initializers,
    add,
    addMany,
    constant,
    cast: (name, from, to) => (from === to ? name : add('Cast', [name], { to: types[to as keyof typeof types] })),
    scalar(value, type = 'float32') {
      const array = type === 'int32' ? Int32Array : type === 'bool' ? Uint8Array : Float32Array
      return once(`${type} ${Object.is(value, -0) ? '-0' : value}`, array.of(value), [])
    },
    integers: values => once(values.join(), BigInt64Array.from(values, BigInt), [values.length])
  }
}
