import type { Shape } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'
import { graph } from './graph.ts'
import { encodeModel } from './model-file.ts'
import { translations } from './operators.ts'
import { open, trace } from './trace.ts'

export interface ToOnnxOptions {
  /** Of one input, without the batch: `[height, width, channels]` for images. */
  readonly inputShape: Shape
  /** What the model is called. */
  readonly name?: string
  /** What the input is called. */
  readonly input?: string
  /** What the result is called. */
  readonly output?: string
  /** Words that are kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>
}

/**
 * A function of one tensor as an ONNX file (operators of set 17), its weights within.
 *
 * The function runs here, on noise, and what it does is written down; so it should do the same whatever it is given, as a network
 * at inference does. What does not depend on the input is worked out now. The batch stays open; all else is of the size given.
 * Input and result are laid out as in TensorFlow.js, `[batch, height, width, channels]`: transpositions stand at the ends.
 *
 * Needs a backend whose tensors can be read at once: cpu, wasm or node.
 *
 * @throws Error that names an operation which is not known here, or what depends on the size of the batch
 */
export function toOnnx(
  f: (input: tf.Tensor) => tf.Tensor, { inputShape, name = 'lapstrake', input = 'images', output = 'features', metadata = {} }: ToOnnxOptions
): Uint8Array {
  const traced = trace(f, inputShape)
  const result = graph(traced)
  result.name(0, input)
  for (const call of needed(traced)) {
    const translate = translations[call.kernel]
    if (translate === undefined) {
      throw new Error(`toOnnx: expected operations that are known here, got the kernel ${call.kernel}. Write it with others, or run it on the cpu backend, which fuses nothing.`)
    }
    translate(result, call)
  }
  const last = result.plain(traced.output)
  return encodeModel({
    name, metadata, initializers: result.initializers,
    nodes: [...result.nodes, { op: 'Identity', inputs: [last], outputs: [output], attributes: {} }],
    input: { name: input, shape: named(traced.shapes[0]!) }, output: { name: output, shape: named(traced.shapes[traced.output]!) }
  })
}

const named = (shape: Shape): readonly (number | string)[] => shape.map(length => (length === open ? 'batch' : length))

/** The calls that the result depends on. */
function needed({ calls, output }: ReturnType<typeof trace>): ReturnType<typeof trace>['calls'] {
  const wanted = new Set([output])
  return [...calls].reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some(value => wanted.has(value))) return false
    for (const operand of Object.values(inputs)) if (typeof operand === 'number') wanted.add(operand)
    return true
  }).reverse()
}
