import { own, seeded, type Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/** A tensor that does not depend on the input. */
export interface Constant {
  readonly shape: Shape
  readonly dtype: tf.DataType
  readonly values: tf.TypedArray
}

/** What goes into a kernel: what another one made, by number, or a constant. */
export type Operand = number | Constant

/** One kernel that ran on what depends on the input. Operands and results are numbered in the order they came about; 0 is the input. */
export interface Call {
  readonly kernel: string
  readonly inputs: Readonly<Record<string, Operand>>
  readonly attrs: Readonly<Record<string, unknown>>
  readonly outputs: readonly number[]
}

export interface Trace {
  readonly calls: readonly Call[]
  /** The shape of each value, with {@link open} for a length that grows with the batch. */
  readonly shapes: readonly Shape[]
  readonly output: number
}

/** A length that grows with the batch. */
export const open = -1

/** Stands in an attribute for a number that differs from batch to batch. */
export const varies = 'varies'

/**
 * The kernels that `f` runs on an input of `inputShape`, the batch left out. It runs on batches of two and of three: what
 * differs is the batch.
 *
 * @throws Error if it does other things with other batches, or its result does not depend on the input
 */
export function trace(f: (input: tf.Tensor) => tf.Tensor, inputShape: Shape): Trace {
  const two = run(f, [2, ...inputShape], new Map())
  const three = run(f, [3, ...inputShape], two.constants)
  if (two.calls.length !== three.calls.length) fail(`${two.calls.length} operations for two images and ${three.calls.length} for three`)
  return {
    calls: two.calls.map((call, i) => ({ ...call, ...common(call, three.calls[i]!) })),
    shapes: two.shapes.map((shape, i) => shape.map((length, axis) => (length === three.shapes[i]![axis] ? length : open))),
    output: two.output
  }
}

interface Run extends Trace {
  readonly constants: ReadonlyMap<number, Constant>
}

/** Runs `f` once; constants that are `known` by the id of their tensor are not read again. */
function run(f: (input: tf.Tensor) => tf.Tensor, shape: Shape, known: ReadonlyMap<number, Constant>): Run {
  const engine = tf.engine()
  const { runKernel } = engine
  const numbers = new Map<number, number>()
  const constants = new Map<number, Constant>()
  const shapes: Shape[] = []
  const calls: Call[] = []
  const add = (tensor: tf.Tensor): number => {
    numbers.set(tensor.id, shapes.length)
    return shapes.push(tensor.shape) - 1
  }
  const operand = (tensor: tf.Tensor): Operand => {
    const number = numbers.get(tensor.id)
    if (number !== undefined) return number
    const constant = known.get(tensor.id) ?? constants.get(tensor.id) ?? { shape: tensor.shape, dtype: tensor.dtype, values: tensor.dataSync().slice() as tf.TypedArray }
    constants.set(tensor.id, constant)
    return constant
  }
  engine.runKernel = function (kernel, inputs, attrs) {
    const result = runKernel.call(engine, kernel, inputs, attrs)
    const given = Object.entries(inputs as Record<string, tf.Tensor | undefined>).filter((entry): entry is [string, tf.Tensor] => entry[1] instanceof tf.Tensor)
    if (given.some(([, { id }]) => numbers.has(id))) {
      calls.push({
        kernel, attrs: { ...attrs }, inputs: Object.fromEntries(given.map(([name, tensor]) => [name, operand(tensor)])),
        outputs: (Array.isArray(result) ? result as tf.Tensor[] : [result as tf.Tensor]).map(add)
      })
    }
    return result as never
  }
  try {
    let output: number | undefined
    own(() => {
      const input = seeded(0).normal([...shape])
      add(input)
      output = numbers.get(f(input).id)
    })
    if (output === undefined) throw new Error('toOnnx: expected a result that depends on the input, got a constant.')
    return { calls, shapes, output, constants }
  } finally {
    // The engine's own, which stands in its class.
    delete (engine as Partial<typeof engine>).runKernel
  }
}

/** What a call has in common on both batches. */
function common(a: Call, b: Call): Pick<Call, 'inputs' | 'attrs'> {
  if (a.kernel !== b.kernel) fail(`${a.kernel} for two images and ${b.kernel} for three`)
  for (const [name, operand] of Object.entries(a.inputs)) {
    const other = b.inputs[name]
    if (operand === other) continue
    const [first, second] = [operand as Constant, other as Constant]
    const same = typeof operand !== 'number' && typeof other === 'object' && first.shape.join() === second.shape.join() && first.values.every((value, i) => value === second.values[i])
    if (!same) fail(`a constant in ${a.kernel} that is not the same for two images and for three`)
  }
  return { inputs: a.inputs, attrs: Object.fromEntries(Object.entries(a.attrs).map(([name, value]) => [name, agreed(value, b.attrs[name])])) }
}

const agreed = (a: unknown, b: unknown): unknown =>
  Array.isArray(a) && Array.isArray(b) && a.length === b.length ? a.map((value, i) => agreed(value, b[i]) as unknown) : a === b ? a : varies

function fail(what: string): never {
  throw new Error(`toOnnx: expected the same operations on a batch of any size, got ${what}. Leave what depends on the other images out of it.`)
}
