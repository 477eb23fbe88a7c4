import type * as tf from '@tensorflow/tfjs-core'
import { attributesOf, call, instead, isFloat, sizeOf, type Given, type Native, type Natives } from './kernel.ts'

interface Neighbourhood {
  readonly depthRadius: number
  readonly bias: number
  readonly alpha: number
  readonly beta: number
}

/** `alpha` times the sum over neighbouring channels, plus `offset`: a product with a band of ones. */
function overNeighbours(
  given: Given,
  x: tf.TensorInfo,
  { depthRadius, alpha }: Neighbourhood,
  offset: number
): tf.TensorInfo {
  const { backend } = given
  const channels = x.shape.at(-1)!
  const values = new Float32Array(channels * channels)
  values.forEach((_, i) => {
    if (Math.abs(Math.floor(i / channels) - (i % channels)) <= depthRadius) values[i] = alpha
  })
  const b = backend.makeTensorInfo([channels, channels], 'float32', values)
  const bias = backend.makeTensorInfo([channels], 'float32', new Float32Array(channels).fill(offset))
  const sums = call('_FusedMatMul', given, { a: { ...x, shape: [sizeOf(x.shape) / channels, channels] }, b, bias })
  return instead(given, b, instead(given, bias, { ...sums, shape: x.shape }))
}

/**
 * Of local response normalisation: `bias + alpha · Σ x²` over neighbouring channels, and that to the power of `−beta`.
 */
function normsOf(
  given: Given,
  x: tf.TensorInfo,
  neighbourhood: Neighbourhood
): readonly [norms: tf.TensorInfo, powers: tf.TensorInfo] {
  const squares = call('Square', given, { x })
  const norms = instead(given, squares, overNeighbours(given, squares, neighbourhood, neighbourhood.bias))
  return [norms, times(given, 'Pow', norms, -neighbourhood.beta)]
}

function times(given: Given, name: 'Multiply' | 'Pow', a: tf.TensorInfo, number: number): tf.TensorInfo {
  const b = given.backend.makeTensorInfo([], 'float32', new Float32Array([number]))
  return instead(given, b, call(name, given, { a, b }))
}

/** `x · norm^−beta`. */
const localResponse: Native = given => {
  const x = given.inputs.x!
  if (!isFloat(x) || sizeOf(x.shape) === 0) return undefined
  const [norms, powers] = normsOf(given, x, attributesOf<Neighbourhood>(given))
  return instead(given, norms, instead(given, powers, call('Multiply', given, { a: x, b: powers })))
}

/** `dy · norm^−beta − 2 · beta · x · alpha · Σ dy · y / norm` over neighbouring channels. */
const localResponseGradient: Native = given => {
  const { x, y, dy } = given.inputs as { x: tf.TensorInfo; y: tf.TensorInfo; dy: tf.TensorInfo }
  if (!isFloat(x, y, dy) || sizeOf(x.shape) === 0) return undefined
  const neighbourhood = attributesOf<Neighbourhood>(given)
  const next = (name: string, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo =>
    instead(given, a, call(name, given, { a, b }))
  const [norms, powers] = normsOf(given, x, neighbourhood)
  const own = next('Multiply', powers, dy)
  const ratios = instead(given, norms, next('RealDiv', call('Multiply', given, { a: dy, b: y }), norms))
  const sums = next('Multiply', instead(given, ratios, overNeighbours(given, ratios, neighbourhood, 0)), x)
  const others = instead(given, sums, times(given, 'Multiply', sums, 2 * neighbourhood.beta))
  return instead(given, others, next('Sub', own, others))
}

/** Local response normalisation, of other kernels. */
export const localResponses: Natives = { LRN: localResponse, LRNGrad: localResponseGradient }
