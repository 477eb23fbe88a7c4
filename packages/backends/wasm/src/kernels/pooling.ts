import * as tf from '@tensorflow/tfjs-core'
import { call, isFloat, type Native, type Natives } from './kernel.ts'

/** Over the whole map, which is a mean. */
const averagePool: Native = given => {
  const x = given.inputs.x!
  const { filterSize, strides, pad, dimRoundingMode } = given.attrs as { filterSize: [number, number]; strides: number; pad: 'valid'; dimRoundingMode?: 'floor' }
  const info = tf.backend_util.computePool2DInfo(x.shape as [number, number, number, number], filterSize, strides, 1, pad, dimRoundingMode)
  const whole = info.outHeight === 1 && info.outWidth === 1 && info.filterHeight === info.inHeight && info.filterWidth === info.inWidth &&
    info.padInfo.top === 0 && info.padInfo.left === 0
  return isFloat(x) && whole ? call('Mean', given, { x }, { axis: [1, 2], keepDims: true }) : undefined
}

export const pooling: Natives = { AvgPool: averagePool }
