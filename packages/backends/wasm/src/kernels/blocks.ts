import * as tf from '@tensorflow/tfjs-core'
import { call, instead, isNumeric, sizeOf, type Native, type Natives } from './kernel.ts'

const { getPermuted, getReshaped, getReshapedPermuted, getSliceBeginCoords, getSliceSize } = tf.backend_util

const spaceToBatch: Native = given => {
  const x = given.inputs.x!
  const { blockShape, paddings } = given.attrs as { blockShape: number[]; paddings: number[][] }
  if (!isNumeric(x)) return undefined
  const complete = x.shape.map((_, axis) => paddings[axis - 1] ?? [0, 0])
  const padded = call('PadV2', given, { x }, { paddings: complete, constantValue: 0 })
  const [{ shape }, places] = [padded, sizeOf(blockShape)]
  const reshaped = getReshaped(shape, blockShape, places, false)
  const moved = call(
    'Transpose',
    given,
    { x: { ...padded, shape: reshaped } },
    { perm: getPermuted(reshaped.length, blockShape.length, false) }
  )
  return instead(given, padded, { ...moved, shape: getReshapedPermuted(shape, blockShape, places, false) })
}

const batchToSpace: Native = given => {
  const x = given.inputs.x!
  const { blockShape, crops } = given.attrs as { blockShape: number[]; crops: number[][] }
  if (!isNumeric(x)) return undefined
  const places = sizeOf(blockShape)
  const reshaped = getReshaped(x.shape, blockShape, places)
  const moved = call(
    'Transpose',
    given,
    { x: { ...x, shape: reshaped } },
    { perm: getPermuted(reshaped.length, blockShape.length) }
  )
  const whole = { ...moved, shape: getReshapedPermuted(x.shape, blockShape, places) }
  return instead(
    given,
    moved,
    call(
      'Slice',
      given,
      { x: whole },
      {
        begin: getSliceBeginCoords(crops, blockShape.length),
        size: getSliceSize(whole.shape, crops, blockShape.length)
      }
    )
  )
}

const depthToSpace: Native = given => {
  const x = given.inputs.x!
  const { blockSize, dataFormat } = given.attrs as { blockSize: number; dataFormat: string }
  if (!isNumeric(x) || dataFormat !== 'NHWC') return undefined
  const [images, height, width, channels] = x.shape as [number, number, number, number]
  const depth = channels / blockSize ** 2
  const moved = call(
    'Transpose',
    given,
    { x: { ...x, shape: [images, height, width, blockSize, blockSize, depth] } },
    { perm: [0, 1, 3, 2, 4, 5] }
  )
  return { ...moved, shape: [images, height * blockSize, width * blockSize, depth] }
}

/** Blocks of pixels to the batch or to channels, and back: transpositions. */
export const blocks: Natives = {
  BatchToSpaceND: batchToSpace,
  DepthToSpace: depthToSpace,
  SpaceToBatchND: spaceToBatch
}
