import * as tf from '@tensorflow/tfjs-core'
import { call, isFloat, sizeOf, type Given, type Native, type Natives } from './kernel.ts'
import { fillBlock } from './movement.ts'

type Map4 = [number, number, number, number]

interface PoolAttrs {
  readonly filterSize: number | [number, number]
  readonly strides: number | [number, number]
  readonly pad: 'same' | 'valid' | number
  readonly dimRoundingMode?: 'floor'
}

const infoOf = ({ shape }: tf.TensorInfo, { filterSize, strides, pad, dimRoundingMode }: PoolAttrs): tf.backend_util.Conv2DInfo =>
  tf.backend_util.computePool2DInfo(shape as Map4, filterSize, strides, 1, pad, dimRoundingMode)

/** A window over maps, as kernels take it. */
const windowArguments = (info: tf.backend_util.Conv2DInfo): number[] => [
  info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth, info.strideHeight, info.strideWidth, -info.padInfo.top, -info.padInfo.left,
  info.filterHeight, info.filterWidth, info.dilationHeight, info.dilationWidth
]

/** Over the whole map, which is a mean. */
const averagePool: Native = given => {
  const x = given.inputs.x!
  const info = infoOf(x, given.attrs as unknown as PoolAttrs)
  const whole = info.outHeight === 1 && info.outWidth === 1 && info.filterHeight === info.inHeight && info.filterWidth === info.inWidth &&
    info.padInfo.top === 0 && info.padInfo.left === 0
  return isFloat(x) && whole ? call('Mean', given, { x }, { axis: [1, 2], keepDims: true }) : undefined
}

/** Slides a window over maps; takes the largest, or with a filter the sum. */
export function slide({ backend }: Pick<Given, 'backend'>, x: tf.TensorInfo, info: tf.backend_util.Conv2DInfo, filter = 0): tf.TensorInfo {
  const result = backend.allocate([info.batchSize, info.outHeight, info.outWidth, info.inChannels])
  const pixels = info.batchSize * info.outHeight * info.outWidth
  backend.engine.run('slide', [backend.addressOf(x), backend.addressOf(result), ...windowArguments(info), filter],
    pixels, pixels * info.inChannels * info.filterHeight * info.filterWidth)
  return result
}

const maxPool: Native = given => {
  const x = given.inputs.x!
  if (!isFloat(x)) return undefined
  const info = infoOf(x, given.attrs as unknown as PoolAttrs)
  // A window of one pixel whose output is as large as its input gives the input, wherever strides and padding say it looks: so says TensorFlow.js.
  const same = info.filterHeight === 1 && info.filterWidth === 1 && info.outShape.join() === info.inShape.join()
  return same ? given.backend.share(x, x.shape) : slide(given, x, info)
}

const maxPoolGradient: Native = ({ inputs, attrs, backend }) => {
  const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
  if (!isFloat(dy, input)) return undefined
  const info = infoOf(input, attrs as unknown as PoolAttrs)
  const result = fillBlock(backend, backend.allocate(input.shape), 0)
  backend.engine.run('slideBack', [backend.addressOf(input), backend.addressOf(result), ...windowArguments(info), 0, backend.addressOf(dy)],
    info.batchSize, sizeOf(dy.shape) * info.filterHeight * info.filterWidth)
  return result
}

export const pooling: Natives = { AvgPool: averagePool, MaxPool: maxPool, MaxPoolGrad: maxPoolGradient }
