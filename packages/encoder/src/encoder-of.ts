import {
  checkGiven,
  checkOptions,
  own,
  type EncodeOptions,
  type Network,
  type Owned,
  type Shape,
  type Variables
} from '@lapstrake/core'
import { readImages } from '@lapstrake/data'
import * as tf from '@tensorflow/tfjs-core'
import type { Encoder, EncodingOptions } from './encoder.ts'

/** An encoder whose weights are somebody else's, and whose inputs may have a context beside them. */
export interface NetworkEncoder extends Omit<Encoder, 'dispose'> {
  encode(inputs: tf.Tensor, options?: NetworkEncodingOptions): Owned<tf.Tensor>
}

export interface NetworkEncodingOptions extends EncodingOptions, EncodeOptions {}

/**
 * A network and its variables as an encoder, such as those of a run under way: `encoderOf(network, state.stages)`. It
 * borrows the variables.
 */
export function encoderOf(network: Network, variables: readonly Variables[]): NetworkEncoder {
  checkGiven('encoderOf', 'a network, as networkOf() makes one', network?.shapes, 'list')
  checkGiven('encoderOf', 'the variables of its stages, as state.stages', variables, 'list')
  const { shapes } = network
  return {
    shapes,
    encode(inputs, options = {}) {
      checkOptions<NetworkEncodingOptions>('encode', options, {
        level: 'number',
        pooled: 'boolean',
        context: ['record', 'list']
      })
      const { pooled, ...others } = options
      checkInputs(inputs, shapes[0]!)
      return maybePooled(() => network.encode(variables, inputs, others), pooled)
    },
    read: (images, options) => readImages(images, shapes[0]!, options)
  }
}

/** What `encode` gives; of maps their means where that is asked for. */
export const maybePooled = (encode: () => tf.Tensor, pooled = false): Owned<tf.Tensor> =>
  own(() => {
    const features = encode()
    return pooled && features.rank === 4 ? tf.mean(features, [1, 2]) : features
  })

/**
 * Refuses inputs of another shape.
 *
 * @throws TypeError for what is no tensor, Error that says which shape came
 */
export function checkInputs(inputs: tf.Tensor, inputShape: Shape): void {
  const wanted = ['batch', ...inputShape].join(', ')
  const expected = `encode: expected inputs of shape [${wanted}], as the network learned from, got`
  if (!(inputs instanceof tf.Tensor)) throw new TypeError(`${expected} no tensor. Await read() of images.`)
  const [, ...each] = inputs.shape
  if (each.length === inputShape.length && each.every((length, i) => length === inputShape[i])) return
  throw new Error(
    `${expected} [${inputs.shape.join(', ')}]. Bring them to that shape first; read() does so with images.`
  )
}
