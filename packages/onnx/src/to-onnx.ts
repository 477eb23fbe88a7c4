import { checkGiven, checkOptions, checkShape, type Shape } from '@lapstrake/core'
import { trace, type Call, type Trace } from '@lapstrake/kernels'
import * as tf from '@tensorflow/tfjs-core'
import { graph, type Graph } from './graph.ts'
import { isBatch, refuseBatch } from './lengths.ts'
import { encodeModel, types } from './model-file.ts'
import { mayVary, translations } from './operators/index.ts'

export interface ToOnnxOptions {
  /** Of one input, without the batch: `[height, width, channels]` for images. */
  readonly inputShape: Shape
  /** What the model is called. */
  readonly name?: string | undefined
  /** What the input is called. */
  readonly input?: string | undefined
  /** What the result is called. */
  readonly output?: string | undefined
  /** Words that are kept in the file. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/**
 * A function of one tensor as an ONNX file (operators of set 17), its weights within.
 *
 * The function runs here, on noise, and what it does is written down; so it should do the same whatever it is given,
 * as a network at inference does. What does not depend on the input is worked out now. The batch stays open; all else
 * is of the size given. Input and result are laid out as in TensorFlow.js, `[batch, height, width, channels]`:
 * transpositions stand at the ends. Both are float32; in between there may be whole numbers and truths.
 *
 * Needs a backend whose tensors can be read at once: cpu, wasm or node.
 *
 * @throws Error that names an operation which is not known here, a type that it cannot be written for, or what depends
 * on the size of the batch
 */
export function toOnnx(f: (input: tf.Tensor) => tf.Tensor, options: ToOnnxOptions): Uint8Array {
  checkOptions<ToOnnxOptions>('toOnnx', options, {
    inputShape: 'list',
    name: 'string',
    input: 'string',
    output: 'string',
    metadata: 'record'
  })
  const { inputShape, name = 'lapstrake', input = 'images', output = 'features', metadata = {} } = options
  checkShape('toOnnx', inputShape)
  checkGiven('toOnnx', 'a function of one tensor', f, 'function')
  if (input === '' || output === '' || input === output) {
    throw new Error(`toOnnx: expected two names for input and output, got "${input}" and "${output}". Rename one.`)
  }
  const traced = trace(oneOf(f), { who: 'toOnnx', inputShape })
  const [made] = traced.outputs as readonly [number]
  const result = graph(traced, input, [input, output])
  for (const call of traced.calls) write(result, traced, call)
  const { shapes, dtype } = traced.values[made]!
  if (dtype !== 'float32') {
    const origin = madeBy(traced)
    throw new Error(`toOnnx: expected a result in float32, got ${dtype}${origin}. Cast it: tf.cast(result, 'float32').`)
  }
  const last = result.plain(made)
  return encodeModel({
    name,
    metadata,
    initializers: result.initializers,
    nodes: [...result.nodes, { op: 'Identity', inputs: [last], outputs: [output], attributes: {} }],
    input: { name: input, shape: ['batch', ...inputShape] },
    output: { name: output, shape: named(shapes) }
  })
}

/** Lengths, with words for those that grow with the batch. */
const named = ([two, three]: readonly [Shape, Shape]): readonly (number | string)[] =>
  two.map((length, axis) =>
    length === three[axis] ? length : isBatch(length, three[axis]!) ? 'batch' : `length${axis}`
  )

/** Insists on one tensor. */
const oneOf =
  (f: (input: tf.Tensor) => tf.Tensor) =>
  (input: tf.Tensor): tf.Tensor => {
    const result: unknown = f(input)
    if (result instanceof tf.Tensor) return result
    throw new TypeError('toOnnx: expected a function that gives one tensor, got another result. Return that alone.')
  }

const madeBy = ({ calls, outputs: [made] }: Trace): string => {
  const call = calls.find(({ outputs }) => outputs.includes(made!))
  return call ? ` from ${call.kernel}` : ''
}

function write(result: Graph, { values }: Trace, call: Call): void {
  const { kernel, inputs, attrs, attrsForThree, outputs } = call
  const translate = Object.hasOwn(translations, kernel) ? translations[kernel] : undefined
  if (translate === undefined) {
    throw new Error(
      `toOnnx: expected operations that are known here, got the kernel ${kernel}. ` +
        `Write it with others, or run it on the cpu backend, which fuses nothing.`
    )
  }
  for (const operand of [...Object.values(inputs), ...outputs]) {
    const type = result.typeOf(operand)
    if (!(type in types)) {
      throw new Error(`toOnnx: expected float32, int32 or bool in ${kernel}, got ${type}. Write it with real numbers.`)
    }
  }
  for (const output of outputs) {
    const shape = values[output]!.shapes[0]
    if (shape.includes(0)) {
      const none = `a tensor without any, of shape [${shape.join(', ')}]`
      throw new Error(`toOnnx: expected numbers from ${kernel}, got ${none}. Leave it out.`)
    }
  }
  if (!mayVary.includes(kernel) && JSON.stringify(attrs) !== JSON.stringify(attrsForThree)) refuseBatch(kernel)
  translate(result, call)
}
