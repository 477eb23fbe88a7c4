import * as tf from '@tensorflow/tfjs-core'
import { call, instead, isFloat, sizeOf, type Given, type Native, type Natives } from './kernel.ts'
import { copyBlock, fillBlock } from './movement.ts'
import { scatter } from './places.ts'

// A convolution of volumes is one of maps whose channels are those of all the planes that a filter sees at a time.

type Shape5 = [number, number, number, number, number]
type Info = tf.backend_util.Conv3DInfo

function infoOf(inputShape: readonly number[], filterShape: readonly number[], attrs: Given['attrs']): Info {
  const {
    strides,
    pad,
    dilations = 1
  } = attrs as {
    strides: number | [number, number, number]
    pad: 'same' | 'valid'
    dilations?: number | [number, number, number] | undefined
  }
  return tf.backend_util.computeConv3DInfo(inputShape as Shape5, filterShape as Shape5, strides, dilations, pad)
}

const attrsOf = ({
  strideHeight,
  strideWidth,
  dilationHeight,
  dilationWidth,
  padInfo: { top, bottom, left, right }
}: Info): object => ({
  strides: [strideHeight, strideWidth],
  dilations: [dilationHeight, dilationWidth],
  pad: [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0]
  ],
  dataFormat: 'NHWC'
})

const mapsOf = ({ batchSize, outDepth, inHeight, inWidth, filterDepth, inChannels }: Info): number[] => [
  batchSize * outDepth,
  inHeight,
  inWidth,
  filterDepth * inChannels
]

const outMapsOf = ({ batchSize, outDepth, outHeight, outWidth, outChannels }: Info): number[] => [
  batchSize * outDepth,
  outHeight,
  outWidth,
  outChannels
]

const filterShapeOf = ({ filterHeight, filterWidth, filterDepth, inChannels, outChannels }: Info): number[] => [
  filterHeight,
  filterWidth,
  filterDepth * inChannels,
  outChannels
]

/** The plane that a plane of the output sees through one of the filter's; where there is none, beyond the ends. */
const planeOf = ({ strideDepth, dilationDepth, padInfo: { front } }: Info, out: number, tap: number): number =>
  out * strideDepth + tap * dilationDepth - front

/**
 * Planes side by side as channels, `[batch · outDepth, height, width, filterDepth · channels]`, zeros beyond the ends.
 */
function maps({ backend }: Given, x: tf.TensorInfo, info: Info): tf.TensorInfo {
  const { batchSize, inDepth, outDepth, filterDepth, inChannels } = info
  const pixels = info.inHeight * info.inWidth
  const result = fillBlock(backend, backend.allocate(mapsOf(info)), 0)
  const [plane, wide] = [pixels * inChannels, filterDepth * inChannels]
  for (let tap = 0; tap < filterDepth; tap++) {
    const seen = Array.from({ length: outDepth }, (_, out) => out).filter(
      out => planeOf(info, out, tap) >= 0 && planeOf(info, out, tap) < inDepth
    )
    if (seen.length === 0) continue
    copyBlock(
      backend,
      [batchSize, seen.length, pixels, inChannels],
      {
        of: x,
        first: planeOf(info, seen[0]!, tap) * plane,
        strides: [inDepth * plane, info.strideDepth * plane, inChannels, 1]
      },
      {
        of: result,
        first: seen[0]! * pixels * wide + tap * inChannels,
        strides: [outDepth * pixels * wide, pixels * wide, wide, 1]
      }
    )
  }
  return result
}

/** `[depth, height, width, channels, outputs]` to `[height, width, depth · channels, outputs]`. */
const flat = (given: Given, filter: tf.TensorInfo, info: Info): tf.TensorInfo => ({
  ...call('Transpose', given, { x: filter }, { perm: [1, 2, 0, 3, 4] }),
  shape: filterShapeOf(info)
})

const convolve: Native = given => {
  const { x, filter } = given.inputs as { x: tf.TensorInfo; filter: tf.TensorInfo }
  if (!isFloat(x, filter)) return undefined
  const info = infoOf(x.shape, filter.shape, given.attrs)
  const inputs = { x: maps(given, x, info), filter: flat(given, filter, info) }
  const result = call('Conv2D', given, inputs, attrsOf(info))
  return instead(given, inputs.x, instead(given, inputs.filter, { ...result, shape: info.outShape }))
}

const filterGradient: Native = given => {
  const { x, dy } = given.inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
  const filterShape = given.attrs.filterShape as Shape5
  if (!isFloat(x, dy)) return undefined
  const info = infoOf(x.shape, filterShape, given.attrs)
  const planes = maps(given, x, info)
  const gradient = call(
    'Conv2DBackpropFilter',
    given,
    { x: planes, dy: { ...dy, shape: outMapsOf(info) } },
    { ...attrsOf(info), filterShape: filterShapeOf(info) }
  )
  const [depth, height, width, ...channels] = filterShape
  const moved = call(
    'Transpose',
    given,
    { x: { ...gradient, shape: [height, width, depth, ...channels] } },
    { perm: [2, 0, 1, 3, 4] }
  )
  return instead(given, planes, instead(given, gradient, moved))
}

const inputGradient: Native = given => {
  const {
    inputs: { dy, filter },
    attrs,
    backend
  } = given as Given & { inputs: { dy: tf.TensorInfo; filter: tf.TensorInfo } }
  if (!isFloat(dy, filter)) return undefined
  const info = infoOf(attrs.inputShape as Shape5, filter.shape, attrs)
  const { batchSize, inDepth, outDepth, filterDepth, inChannels } = info
  const weights = flat(given, filter, info)
  const gradient = call(
    'Conv2DBackpropInput',
    given,
    { dy: { ...dy, shape: outMapsOf(info) }, filter: weights },
    { ...attrsOf(info), inputShape: mapsOf(info) }
  )
  const pixels = info.inHeight * info.inWidth
  const planes = call(
    'Transpose',
    given,
    { x: { ...gradient, shape: [batchSize * outDepth, pixels, filterDepth, inChannels] } },
    { perm: [0, 2, 1, 3] }
  )
  const result = fillBlock(backend, backend.allocate(info.inShape), 0)
  const count = batchSize * outDepth * filterDepth
  if (sizeOf(info.inShape) > 0 && count > 0) {
    backend.engine.withScratch(4 * count, places => {
      for (let i = 0; i < count; i++) {
        const plane = planeOf(info, Math.floor(i / filterDepth) % outDepth, i % filterDepth)
        backend.engine.ints[places / 4 + i] =
          plane < 0 || plane >= inDepth ? -1 : Math.floor(i / (filterDepth * outDepth)) * inDepth + plane
      }
      scatter(given, 0, planes, places, count, pixels * inChannels, result)
    })
  }
  return instead(given, weights, instead(given, gradient, instead(given, planes, result)))
}

/** Convolutions of volumes, of those of maps. */
export const convolutions3: Natives = {
  Conv3D: convolve,
  Conv3DBackpropFilterV2: filterGradient,
  Conv3DBackpropInputV2: inputGradient
}
