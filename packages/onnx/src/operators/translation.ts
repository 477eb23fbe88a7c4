import type { Call } from '@lapstrake/kernels'
import type { Graph } from '../graph.ts'

/** Writes what one kernel of TensorFlow.js does in operators of ONNX. */
export type Translation = (graph: Graph, call: Call) => void

/** The translations of kernels, by the kernels' names. */
export type Translations = Readonly<Record<string, Translation>>

/** Translations of kernels that know float32 only; another type is refused. */
export const ofFloats = (translations: Translations): Translations =>
  Object.fromEntries(
    Object.entries(translations).map(([name, translate]) => [
      name,
      (graph, call) => {
        for (const operand of [...Object.values(call.inputs), ...call.outputs]) {
          const type = graph.typeOf(operand)
          if (type !== 'float32') refuseType(call.kernel, 'float32', type)
        }
        translate(graph, call)
      }
    ])
  )

/** @throws Error that says which type a kernel would need */
export function refuseType(kernel: string, wanted: string, type: string): never {
  throw new Error(`toOnnx: expected ${wanted} in ${kernel}, got ${type}. Cast it before: tf.cast(x, 'float32').`)
}
