import * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import type { WasmBackend } from '../wasm-backend.ts'
import { attributesOf, call, isFloat, type Native, type Natives } from './kernel.ts'
import { fillBlock } from './movement.ts'

type Map4 = [number, number, number, number]

interface PoolAttrs {
  readonly filterSize: number | [number, number]
  readonly strides: number | [number, number]
  readonly pad: 'same' | 'valid' | number
  readonly dimRoundingMode?: 'floor' | undefined
}

const infoOf = (
  { shape }: tf.TensorInfo,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttrs
): tf.backend_util.Conv2DInfo =>
  tf.backend_util.computePool2DInfo(shape as Map4, filterSize, strides, 1, pad, dimRoundingMode)

/** What a kernel makes of a window's pixels; as in assembly/windows.ts. */
export type Kind = 'largest' | 'mean' | 'filtered'
const kinds: readonly Kind[] = ['largest', 'mean', 'filtered']

/** A window over maps, as kernels take it, with the addresses of what they read and write. */
const windowArguments = (
  info: tf.backend_util.Conv2DInfo,
  kind: Kind,
  source: number,
  target: number,
  filter = 0
): number[] => [
  kinds.indexOf(kind),
  source,
  target,
  info.inHeight,
  info.inWidth,
  info.inChannels,
  info.outHeight,
  info.outWidth,
  info.strideHeight,
  info.strideWidth,
  -info.padInfo.top,
  -info.padInfo.left,
  info.filterHeight,
  info.filterWidth,
  info.dilationHeight,
  info.dilationWidth,
  filter
]

/** Slides a window over maps, from one address to another. */
export function slide(
  { engine }: WasmBackend,
  kind: Kind,
  source: number,
  target: number,
  info: tf.backend_util.Conv2DInfo,
  filter?: number
): void {
  const pixels = info.batchSize * info.outHeight * info.outWidth
  engine.run(
    'slide',
    windowArguments(info, kind, source, target, filter),
    pixels,
    pixels * info.inChannels * info.filterHeight * info.filterWidth
  )
}

/**
 * Addresses of what comes in and goes out when slopes go back through a window, with as many planes of them as there
 * are filters.
 */
export interface Back {
  readonly arriving: number
  readonly source?: number | undefined
  readonly target: number
  readonly filter?: number | undefined
  readonly planes?: number | undefined
  readonly factor?: number | undefined
}

/** To the inputs of a window, the taps of its filter, or the largest of what it saw. */
export function slideBack(
  { engine }: WasmBackend,
  kernel: 'slideBack' | 'slideToFilter' | 'slideToInput',
  info: tf.backend_util.Conv2DInfo,
  { arriving, source = 0, target, filter, planes = 1, factor = 1 }: Back
): void {
  const taps = info.filterHeight * info.filterWidth
  const work = { slideBack: 1, slideToFilter: planes * taps, slideToInput: info.inHeight * info.inWidth }[kernel]
  engine.run(
    kernel,
    [...windowArguments(info, 'filtered', source, target, filter), arriving, planes, bitsOf(factor), info.batchSize],
    info.batchSize * work,
    info.batchSize * info.outHeight * info.outWidth * info.inChannels * planes * taps
  )
}

const pool =
  (kind: 'largest' | 'mean'): Native =>
  given => {
    const x = given.inputs.x!
    if (!isFloat(x)) return undefined
    const { backend } = given
    const info = infoOf(x, attributesOf(given))
    // A window of one pixel whose output is as large as its input gives the input, wherever strides and padding say it
    // looks: so says TensorFlow.js.
    if (info.filterHeight === 1 && info.filterWidth === 1 && info.outShape.join() === info.inShape.join())
      return backend.share(x, x.shape)
    const whole =
      info.outHeight === 1 &&
      info.outWidth === 1 &&
      info.filterHeight === info.inHeight &&
      info.filterWidth === info.inWidth &&
      info.padInfo.top === 0 &&
      info.padInfo.left === 0
    if (whole && kind === 'mean') return call('Mean', given, { x }, { axis: [1, 2], keepDims: true })
    const result = backend.allocate(info.outShape)
    slide(backend, kind, backend.addressOf(x), backend.addressOf(result), info)
    return result
  }

const maxPoolGradient: Native = given => {
  const { inputs, backend } = given
  const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
  if (!isFloat(dy, input)) return undefined
  const result = fillBlock(backend, backend.allocate(input.shape), 0)
  slideBack(backend, 'slideBack', infoOf(input, attributesOf(given)), {
    arriving: backend.addressOf(dy),
    source: backend.addressOf(input),
    target: backend.addressOf(result)
  })
  return result
}

/** Of a whole window each time, also where some of it lies beyond the map: so says TensorFlow.js. */
const averagePoolGradient: Native = given => {
  const { inputs, backend } = given
  const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
  if (!isFloat(dy)) return undefined
  const info = infoOf(input, attributesOf(given))
  const result = backend.allocate(input.shape)
  slideBack(backend, 'slideToInput', info, {
    arriving: backend.addressOf(dy),
    target: backend.addressOf(result),
    factor: 1 / (info.filterHeight * info.filterWidth)
  })
  return result
}

export const pooling: Natives = {
  AvgPool: pool('mean'),
  AvgPoolGrad: averagePoolGradient,
  MaxPool: pool('largest'),
  MaxPoolGrad: maxPoolGradient
}
