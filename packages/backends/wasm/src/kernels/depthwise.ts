import * as tf from '@tensorflow/tfjs-core'
import { activated, activations, type Activation } from './activations.ts'
import { attributesOf, call, instead, isFloat, sizeOf, type Given, type Native, type Natives } from './kernel.ts'
import { slide, slideBack } from './pooling.ts'
import type { ConvolutionAttrs } from './products.ts'
import { reduceColumns } from './reductions.ts'

type Shape4 = [number, number, number, number]

function infoOf(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations, dimRoundingMode, dataFormat = 'NHWC' }: ConvolutionAttrs
): tf.backend_util.Conv2DInfo | undefined {
  if (dataFormat !== 'NHWC' || filterShape[2] !== inputShape[3]) return undefined
  return tf.backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true
  )
}

/**
 * Kernels know one output for each channel. With more, `[…, channels, outputs]` is as many planes
 * `[outputs, …, channels]`; runs a function with a tensor put so, or as it is.
 */
function inPlanes<T>(given: Given, x: tf.TensorInfo, [...shape]: readonly number[], use: (address: number) => T): T {
  const { backend } = given
  if (shape.at(-1) === 1) return use(backend.addressOf(x))
  const planes = call(
    'Transpose',
    given,
    { x: { ...x, shape } },
    { perm: [shape.length - 1, ...shape.keys()].slice(0, -1) }
  )
  const result = use(backend.addressOf(planes))
  backend.disposeIntermediateTensorInfo(planes)
  return result
}

/** Makes a tensor of what a function writes to an address, plane after plane. */
function fromPlanes(given: Given, [...shape]: readonly number[], fill: (address: number) => void): tf.TensorInfo {
  const { backend } = given
  const planes = backend.allocate([shape.at(-1)!, ...shape.slice(0, -1)])
  fill(backend.addressOf(planes))
  if (shape.at(-1) === 1) return { ...planes, shape }
  const result = call(
    'Transpose',
    given,
    { x: planes },
    { perm: [...shape.keys()].map(axis => (axis + 1) % shape.length) }
  )
  backend.disposeIntermediateTensorInfo(planes)
  return result
}

const multiplierOf = ({ inChannels, outChannels }: tf.backend_util.Conv2DInfo): number => outChannels / inChannels

/** The output's shape, with a channel's outputs on an axis of their own. */
const outShapeOf = (info: tf.backend_util.Conv2DInfo): number[] => [
  info.batchSize,
  info.outHeight,
  info.outWidth,
  info.inChannels,
  multiplierOf(info)
]

function convolve(given: Given): tf.TensorInfo | undefined {
  const { inputs, backend } = given
  const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo }
  const info = isFloat(x, filter) ? infoOf(x.shape, filter.shape, attributesOf(given)) : undefined
  if (info === undefined) return undefined
  const source = backend.addressOf(x)
  const result = inPlanes(given, filter, filter.shape, weights =>
    fromPlanes(given, outShapeOf(info), target => {
      const [size, taps] = [
        info.batchSize * info.outHeight * info.outWidth * info.inChannels,
        info.filterHeight * info.filterWidth * info.inChannels
      ]
      for (let plane = 0; plane < multiplierOf(info); plane++)
        slide(backend, 'filtered', source, target + 4 * plane * size, info, weights + 4 * plane * taps)
    })
  )
  return { ...result, shape: info.outShape }
}

/** With one pixel it is what a normalisation is made of. */
const rescale = (given: Given, activation: Activation): tf.TensorInfo | undefined => {
  const { inputs, backend } = given
  const { x, filter, bias } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo | undefined }
  const { strides, pad, dataFormat = 'NHWC' } = attributesOf<ConvolutionAttrs>(given)
  const [height, width, channels, multiplier] = filter.shape as Shape4
  const padded = pad !== 'same' && pad !== 'valid' && pad !== 0
  const plain =
    height === 1 &&
    width === 1 &&
    multiplier === 1 &&
    [strides].flat().every(stride => stride === 1) &&
    !padded &&
    dataFormat === 'NHWC'
  if (!isFloat(x, filter, bias) || !plain || (bias !== undefined && sizeOf(bias.shape) !== channels)) return undefined
  const result = backend.allocate(x.shape)
  const size = sizeOf(x.shape)
  const offsets = bias === undefined ? backend.engine.zeros(channels + 4) : backend.addressOf(bias)
  backend.engine.run(
    'affine',
    [
      backend.addressOf(x),
      backend.addressOf(filter),
      offsets,
      backend.addressOf(result),
      channels,
      activations[activation]
    ],
    size === 0 ? 0 : size / channels,
    2 * size
  )
  return result
}

function biased(given: Given): tf.TensorInfo | undefined {
  const a = convolve(given)
  const b = given.inputs.bias
  return a && b ? instead(given, a, call('Add', given, { a, b })) : a
}

const inputGradient: Native = given => {
  const { inputs, backend } = given
  const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
  const attrs = attributesOf<ConvolutionAttrs>(given)
  const info = isFloat(dy, filter) ? infoOf(attrs.inputShape, filter.shape, attrs) : undefined
  if (info === undefined) return undefined
  const result = backend.allocate(info.inShape)
  const target = backend.addressOf(result)
  inPlanes(given, filter, filter.shape, weights =>
    inPlanes(given, dy, outShapeOf(info), arriving =>
      slideBack(backend, 'slideToInput', info, { arriving, target, filter: weights, planes: multiplierOf(info) })
    )
  )
  return result
}

const filterGradient: Native = given => {
  const { inputs, backend } = given
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
  const attrs = attributesOf<ConvolutionAttrs>(given)
  const { filterShape } = attrs
  const info = isFloat(x, dy) ? infoOf(x.shape, filterShape, attrs) : undefined
  if (info === undefined || info.batchSize === 0) return undefined
  const [source, size] = [backend.addressOf(x), sizeOf(filterShape)]
  return inPlanes(given, dy, outShapeOf(info), arriving =>
    fromPlanes(given, filterShape, target =>
      backend.engine.withScratch(4 * info.batchSize * size, partial => {
        slideBack(backend, 'slideToFilter', info, { arriving, source, target: partial, planes: multiplierOf(info) })
        reduceColumns(backend, 0, partial, 1, info.batchSize, size, target, 1)
      })
    )
  )
}

/** Convolutions of each channel by filters of its own. */
export const depthwise: Natives = {
  DepthwiseConv2dNative: given => rescale(given, 'linear') ?? convolve(given),
  FusedDepthwiseConv2D: activated(
    (given, activation) => rescale(given, activation) ?? (activation === 'linear' ? biased(given) : undefined)
  ),
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  DepthwiseConv2dNativeBackpropFilter: filterGradient
}
