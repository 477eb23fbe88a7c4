import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Network } from './agrees.ts'

/** Networks of few operations, by their kind and what is in them. */
export type Networks = Readonly<Record<string, Readonly<Record<string, Network>>>>

/** What the networks take. */
export const inputShape = [5, 6, 4] as const

export const weights = (...shape: number[]): tf.Tensor4D => seeded(5).normal(shape) as tf.Tensor4D

export const maps =
  (f: (x: tf.Tensor4D) => tf.Tensor): Network =>
  x =>
    f(x as tf.Tensor4D)

/** Behind a convolution the channels stand first in ONNX. */
export const first = (x: tf.Tensor): tf.Tensor => tf.conv2d(x as tf.Tensor4D, weights(1, 1, 4, 4), 1, 'same')

export const rows = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [-1, 30, 4])

export const float = (x: tf.Tensor): tf.Tensor => tf.cast(x, 'float32')

/** Whole numbers from -3 to 3 or so. */
export const whole = (x: tf.Tensor): tf.Tensor => tf.cast(tf.mul(x, 2), 'int32')
