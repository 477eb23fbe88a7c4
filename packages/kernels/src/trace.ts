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

/** What a kernel takes beside tensors. */
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

/** The kernels that a function runs, in their order. */
export interface Trace {
  /** Those that a result depends on. */
  readonly calls: readonly Call[]
  readonly values: readonly Value[]
  /** What the function gives, in its order. */
  readonly outputs: readonly number[]
}

/** A function of one tensor whose results are one or several. */
export type Traced = (input: tf.Tensor) => tf.Tensor | readonly tf.Tensor[]

/** Who asks, for errors, and the shape of one input, the batch left out. */
export interface TraceOptions {
  readonly who: string
  readonly inputShape: Shape
}

/**
 * The kernels that `f` runs on an input of a shape. It runs on batches of two and of three: what differs is the batch.
 * Constants are read at once, which the backends cpu, wasm and node can do.
 *
 * @throws Error if it does other things with other batches, or a result does not depend on the input
 */
export function trace(f: Traced, options: TraceOptions): Trace {
  const watched = watch(f, options)
  try {
    const known = new Map([...watched.constants].map(([id, tensor]) => [id, constantOf(tensor, tensor.dataSync())]))
    return joined(watched, known, options.who)
  } finally {
    tf.dispose([...watched.constants.values()])
  }
}

/**
 * The same on any backend: its constants are awaited.
 *
 * @throws Error as {@link trace} does
 */
export async function traceAsync(f: Traced, options: TraceOptions): Promise<Trace> {
  const watched = watch(f, options)
  try {
    const known = new Map<number, Constant>()
    for (const [id, tensor] of watched.constants) known.set(id, constantOf(tensor, await tensor.data()))
    return joined(watched, known, options.who)
  } finally {
    tf.dispose([...watched.constants.values()])
  }
}

/** What a kernel was given: a value by its number, or a constant by the id of its tensor. */
type Seen = number | { readonly id: number }

interface SeenCall extends Omit<Call, 'inputs' | 'attrsForThree'> {
  readonly inputs: Readonly<Record<string, Seen>>
}

interface Run {
  readonly calls: readonly SeenCall[]
  readonly tensors: readonly { readonly shape: Shape; readonly dtype: tf.DataType }[]
  readonly outputs: readonly number[]
}

/** Two runs, and the constants of both, which are kept until they are read. */
interface Watched {
  readonly two: Run
  readonly three: Run
  readonly constants: ReadonlyMap<number, tf.Tensor>
}

function watch(f: Traced, { who, inputShape }: TraceOptions): Watched {
  const constants = new Map<number, tf.Tensor>()
  try {
    const [two, three] = [2, 3].map(batch => run(f, [batch, ...inputShape], constants, who)) as [Run, Run]
    return { two, three, constants }
  } catch (error) {
    tf.dispose([...constants.values()])
    throw error
  }
}

/** Kernels whose result depends on the shape of what they are given, and on nothing else. */
const constantKernels = ['ZerosLike', 'OnesLike']

/** Runs `f` once, and keeps what it takes beside its input. */
function run(f: Traced, shape: Shape, constants: Map<number, tf.Tensor>, who: string): Run {
  const numbers = new Map<number, number>()
  const tensors: { shape: Shape; dtype: tf.DataType }[] = []
  const calls: SeenCall[] = []
  const add = ({ id, shape, dtype }: tf.Tensor): number => {
    numbers.set(id, tensors.length)
    return tensors.push({ shape, dtype }) - 1
  }
  const seen = (tensor: tf.Tensor): Seen => {
    const number = numbers.get(tensor.id)
    if (number !== undefined) return number
    if (!constants.has(tensor.id)) constants.set(tensor.id, tf.keep(tf.clone(tensor)))
    return { id: tensor.id }
  }
  const stop = observeKernels({
    ran({ kernel, inputs, attrs, outputs }) {
      const given = Object.entries(inputs)
      if (constantKernels.includes(kernel) || !given.some(([, { id }]) => numbers.has(id))) return
      calls.push({
        kernel,
        attrs,
        inputs: Object.fromEntries(given.map(([name, tensor]) => [name, seen(tensor)])),
        outputs: outputs.map(add)
      })
    }
  })
  try {
    let outputs: readonly (number | undefined)[] = []
    own(() => {
      // Other numbers for another batch: what is worked out from them on the host is then no constant.
      const input = seeded(shape[0]!).normal([...shape])
      add(input)
      outputs = [f(input)].flat().map(result => numbers.get((result as tf.Tensor).id))
    })
    if (outputs.includes(undefined)) {
      throw new Error(`${who}: expected a result that depends on the input, got a constant.`)
    }
    return { calls, tensors, outputs: outputs as readonly number[] }
  } finally {
    stop()
  }
}

/** Numbers as their type says, whatever array the backend keeps them in. */
function constantOf({ shape, dtype }: tf.Tensor, values: ArrayLike<number>): Constant {
  const array = dtype === 'int32' ? Int32Array : dtype === 'bool' ? Uint8Array : Float32Array
  return { shape, dtype, values: array.from(values) }
}

type Fail = (what: string) => never

/** What two runs have in common. */
function joined({ two, three }: Watched, constants: ReadonlyMap<number, Constant>, who: string): Trace {
  const fail: Fail = what => {
    throw new Error(
      `${who}: expected the same operations on a batch of any size, got ${what}. ` +
        `Leave what depends on the other images out of it.`
    )
  }
  if (two.calls.length !== three.calls.length) {
    fail(`${two.calls.length} operations for two images and ${three.calls.length} for three`)
  }
  const calls = two.calls.map((call, i) => common(call, three.calls[i]!, constants, fail))
  return {
    calls: needed(calls, two.outputs),
    values: two.tensors.map(({ shape, dtype }, i) => ({ dtype, shapes: [shape, three.tensors[i]!.shape] })),
    outputs: two.outputs
  }
}

/** What a call has in common on both batches. */
function common(a: SeenCall, b: SeenCall, constants: ReadonlyMap<number, Constant>, fail: Fail): Call {
  if (a.kernel !== b.kernel) fail(`${a.kernel} for two images and ${b.kernel} for three`)
  if (a.outputs.length !== b.outputs.length) {
    fail(`${a.outputs.length} results of ${a.kernel} for two images and ${b.outputs.length} for three`)
  }
  const names = Object.keys(a.inputs)
  if (names.join() !== Object.keys(b.inputs).join()) {
    fail(`${names.length} inputs of ${a.kernel} for two images and ${Object.keys(b.inputs).length} for three`)
  }
  const operand = (seen: Seen): Operand => (typeof seen === 'number' ? seen : constants.get(seen.id)!)
  return {
    ...a,
    attrsForThree: b.attrs,
    inputs: Object.fromEntries(
      names.map(name => [name, commonOperand(a.kernel, operand(a.inputs[name]!), operand(b.inputs[name]!), fail)])
    )
  }
}

function commonOperand(kernel: string, a: Operand, b: Operand, fail: Fail): Operand {
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

/** The calls that results depend on. */
function needed(calls: readonly Call[], outputs: readonly number[]): readonly Call[] {
  const wanted = new Set(outputs)
  return [...calls]
    .reverse()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some(value => wanted.has(value))) return false
      for (const operand of Object.values(inputs)) if (typeof operand === 'number') wanted.add(operand)
      return true
    })
    .reverse()
}
