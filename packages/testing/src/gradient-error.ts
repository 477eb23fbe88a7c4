import { checkOptions, own, seeded, vjp, type Random } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { read } from './read.ts'

/** How to check a gradient. */
export interface GradientCheck {
  /** Step of the central difference, relative to the size of the inputs. float32 wants about 1e-2. */
  readonly step?: number | undefined
  /** Random directions tried. */
  readonly directions?: number | undefined
  readonly random?: Random | undefined
}

/**
 * How far the gradient of a scalar function is from central differences along random directions: the largest difference
 * between the two slopes, relative to the steepest of them. Below 0.02 in float32 when the gradient is right.
 */
export function gradientError(
  f: (...inputs: tf.Tensor[]) => tf.Scalar,
  inputs: readonly tf.Tensor[],
  options: GradientCheck = {}
): number {
  checkOptions<GradientCheck>('gradientError', options, { step: 'number', directions: 'number', random: 'record' })
  const { step = 1e-2, directions = 4, random = seeded(0) } = options
  const slopes = tf.tidy(() => {
    const { pull } = vjp(() => ({ outputs: [f(...inputs)], aux: null }), inputs)
    const gradients = pull([tf.scalar(1)], inputs, { last: true })
    return Array.from({ length: directions }, (_, d) => {
      const direction = inputs.map((input, i) => random.split(d, i).normal(input.shape))
      const along = gradients.reduce(
        (sum, gradient, i) =>
          gradient === undefined ? sum : sum + read(own(() => tf.sum(tf.mul(gradient, direction[i]!))))[0]!,
        0
      )
      const at = (distance: number): number =>
        read(own(() => f(...inputs.map((input, i) => tf.add(input, tf.mul(direction[i]!, distance))))))[0]!
      // Richardson's extrapolation: the error of the plain difference is of second order, of this one of fourth.
      const difference = (h: number): number => (at(h) - at(-h)) / (2 * h)
      return { along, measured: (4 * difference(step / 2) - difference(step)) / 3 }
    })
  })
  const steepest = Math.max(...slopes.map(({ along, measured }) => Math.max(Math.abs(along), Math.abs(measured))), 1e-6)
  return Math.max(...slopes.map(({ along, measured }) => Math.abs(along - measured))) / steepest
}
