import type { Shape } from '@lapstrake/core'
import type * as tf from '@tensorflow/tfjs-core'

/** What TensorFlow.js's helpers want for a tensor, where they look at nothing but its shape. */
export const ofShape = (shape: Shape): tf.TensorInfo => ({ shape: [...shape], dtype: 'float32', dataId: {} })
