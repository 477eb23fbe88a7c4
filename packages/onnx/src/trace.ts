import { observeKernels, own, seeded, type Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** A tensor that does not depend on the input. */
export interface Constant {
  readonly shape: Shape
  readonly dtype: tf.DataType
  readonly values: tf.TypedArray
  /** It has one row for each image, all of them alike; here is that one, so its first length is 1. */
  readonly isForEachImage?: true | undefined
}

/** What goes into a kernel: what another one made, by number, or a constant. */
export type Operand = number | Constant

export type Attributes = Readonly<Record<string, unknown>>

/**
 * One kernel that ran on what depends on the input. Operands and results are numbered in the order they came about;
 * 0 is the input.
 */
export interface Call {
  readonly kernel: string
  readonly inputs: Readonly<Record<string, Operand>>
  /** For a batch of two images. */
  readonly attrs: Attributes
  readonly attrsForThree: Attributes
  readonly outputs: readonly number[]
}

/** A call's attributes, which the kernels of TensorFlow.js type one by one. */
export const attributesOf = <T extends object>(attributes: Attributes): T => attributes as T

/** What the input or a kernel's result is like. */
export interface Value {
  /** For a batch of two images, and of three. */
  readonly shapes: readonly [Shape, Shape]
  readonly dtype: tf.DataType
}

export interface Trace {
  readonly calls: readonly Call[]
  readonly values: readonly Value[]
  readonly output: number
}

/**
 * The kernels that `f` runs on an input of `inputShape`, the batch left out. It runs on batches of two and of three:
 * what differs is the batch.
 *
 * @throws Error if it does other things with other batches, or its result does not depend on the input
 */
export function trace(f: (input: tf.Tensor) => tf.Tensor, inputShape: Shape): Trace {
  const two = run(f, [2, ...inputShape], new Map())
  const three = run(f, [3, ...inputShape], two.constants)
  if (two.calls.length !== three.calls.length) {
    fail(`${two.calls.length} operations for two images and ${three.calls.length} for three`)
  }
  return {
    calls: two.calls.map((call, i) => common(call, three.calls[i]!)),
    values: two.tensors.map(({ shape, dtype }, i) => ({ dtype, shapes: [shape, three.tensors[i]!.shape] })),
    output: two.output
  }
}

type CallOnce = Omit<Call, 'attrsForThree'>

interface Run {
  readonly calls: readonly CallOnce[]
  readonly tensors: readonly { readonly shape: Shape; readonly dtype: tf.DataType }[]
  readonly output: number
  readonly constants: ReadonlyMap<number, Constant>
}

/** Kernels whose result depends on the shape of what they are given, and on nothing else. */
const constantKernels = ['ZerosLike', 'OnesLike']

/** Runs `f` once; constants that are `known` by the id of their tensor are not read again. */
function run(f: (input: tf.Tensor) => tf.Tensor, shape: Shape, known: ReadonlyMap<number, Constant>): Run {
  const numbers = new Map<number, number>()
  const constants = new Map<number, Constant>()
  const tensors: { shape: Shape; dtype: tf.DataType }[] = []
  const calls: CallOnce[] = []
  const add = ({ id, shape, dtype }: tf.Tensor): number => {
    numbers.set(id, tensors.length)
    return tensors.push({ shape, dtype }) - 1
  }
  const operand = (tensor: tf.Tensor): Operand => {
    const number = numbers.get(tensor.id)
    if (number !== undefined) return number
    const constant = known.get(tensor.id) ?? constants.get(tensor.id) ?? read(tensor)
    constants.set(tensor.id, constant)
    return constant
  }
  const stop = observeKernels({
    ran({ kernel, inputs, attrs, outputs }) {
      const given = Object.entries(inputs)
      if (constantKernels.includes(kernel) || !given.some(([, { id }]) => numbers.has(id))) return
      calls.push({
        kernel,
        attrs,
        inputs: Object.fromEntries(given.map(([name, tensor]) => [name, operand(tensor)])),
        outputs: outputs.map(add)
      })
    }
  })
  try {
    let output: number | undefined
    own(() => {
      // Other numbers for another batch: what is worked out from them on the host is then no constant.
      const input = seeded(shape[0]!).normal([...shape])
      add(input)
      const result: unknown = f(input)
      if (!(result instanceof tf.Tensor)) {
        throw new TypeError('toOnnx: expected a function that gives one tensor, got another result. Return that alone.')
      }
      output = numbers.get(result.id)
    })
    if (output === undefined) throw new Error('toOnnx: expected a result that depends on the input, got a constant.')
    return { calls, tensors, output, constants }
  } finally {
    stop()
  }
}

/** Numbers as their type says, whatever array the backend keeps them in. */
function read(tensor: tf.Tensor): Constant {
  const { shape, dtype } = tensor
  const values = tensor.dataSync()
  const array = dtype === 'int32' ? Int32Array : dtype === 'bool' ? Uint8Array : Float32Array
  return { shape, dtype, values: array.from(values) }
}

/** What a call has in common on both batches. */
function common(a: CallOnce, b: CallOnce): Call {
  if (a.kernel !== b.kernel) fail(`${a.kernel} for two images and ${b.kernel} for three`)
  if (a.outputs.length !== b.outputs.length) {
    fail(`${a.outputs.length} results of ${a.kernel} for two images and ${b.outputs.length} for three`)
  }
  const names = Object.keys(a.inputs)
  if (names.join() !== Object.keys(b.inputs).join()) {
    fail(`${names.length} inputs of ${a.kernel} for two images and ${Object.keys(b.inputs).length} for three`)
  }
  return {
    ...a,
    attrsForThree: b.attrs,
    inputs: Object.fromEntries(names.map(name => [name, commonOperand(a.kernel, a.inputs[name]!, b.inputs[name]!)]))
  }
}

function commonOperand(kernel: string, a: Operand, b: Operand): Operand {
  if (a === b) return a
  if (typeof a === 'number' || typeof b === 'number') {
    return fail(`another input of ${kernel} for two images than for three`)
  }
  const sameRow = a.shape.slice(1).join() === b.shape.slice(1).join()
  if (sameRow && a.shape[0] === b.shape[0] && a.values.every((value, i) => Object.is(value, b.values[i]))) return a
  if (sameRow && a.shape[0] === 2 && b.shape[0] === 3) {
    const row = a.values.slice(0, a.values.length / 2)
    const isRow = (value: number, i: number): boolean => Object.is(value, row[i % row.length])
    if (a.values.every(isRow) && b.values.every(isRow)) {
      return { shape: [1, ...a.shape.slice(1)], dtype: a.dtype, values: row, isForEachImage: true }
    }
  }
  return fail(`a constant in ${kernel} that is not the same for two images and for three`)
}

function fail(what: string): never {
  throw new Error(
    `toOnnx: expected the same operations on a batch of any size, got ${what}. ` +
      `Leave what depends on the other images out of it.`
  )
}
