import { own, type Backbone, type Owned, type State } from 'lapstrake'
import type * as tf from '@tensorflow/tfjs-core'

/** What the first stages make of images, 0 of them the images themselves. */
export const encode = ({ stages }: Backbone, state: State, count: number, images: tf.Tensor4D): Owned<tf.Tensor> =>
  own(() =>
    stages
      .slice(0, count)
      .reduce<tf.Tensor>(
        (flow, stage, i) => stage.apply(state.stages[i]!, flow, { training: false }).output,
        images.clone()
      )
  )
