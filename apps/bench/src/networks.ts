// What the benchmarks of whole steps train: a network, a head for each unit, views of as many examples.
import type * as tf from '@tensorflow/tfjs-core'
import {
  convNet,
  createTrainer,
  dispose,
  ntXent,
  own,
  projector,
  resNet,
  seeded,
  type Backbone,
  type Isolation,
  type Loss,
  type Optimizer,
  type Owned,
  type Recipe,
  type State,
  type Unit,
  type Views
} from 'lapstrake'

export interface Network {
  readonly backbone: Backbone
  readonly head: Recipe['head']
  readonly inputShape: readonly [height: number, width: number, channels: number]
}

/** Stages of two 3×3 convolutions of 32 channels, of which the second and the third halve height and width. */
export const plainNet = (depth: number): Network => ({
  backbone: convNet({
    widths: new Array<number>(depth).fill(32),
    strides: [1, 2, 2, ...new Array<number>(depth - 3).fill(1)]
  }),
  head: () => projector({ dims: [32, 64], bias: false }),
  inputShape: [28, 28, 3]
})

/** ResNet-18 for images of CIFAR's size. */
export const residualNet = (): Network => ({
  backbone: resNet({ depth: 18, stem: 'cifar' }),
  head: (_, shape) => projector({ dims: [shape.at(-1)!, 128], bias: false }),
  inputShape: [32, 32, 3]
})

export const loss: Loss = ntXent({ temperature: 0.2 })

/** Two views of 32 examples. */
export const viewsFor = ({ inputShape }: Network): Owned<Views<tf.Tensor4D>> =>
  own(() => {
    const view = (seed: number): tf.Tensor4D => seeded(seed).normal([32, ...inputShape]) as tf.Tensor4D
    return [view(1), view(2)]
  })

/** Learns nothing. */
export const still: Optimizer = { init: () => ({}), update: (_, state, params) => ({ params, state }) }

export interface Differentiator {
  /** Finds all gradients once: forward and backward, no optimizer. */
  gradients(): void
  readonly state: Owned<State>
  readonly units: readonly Unit[]
}

export function differentiator(
  { backbone, head, inputShape }: Network,
  isolation: Isolation,
  views: Views
): Differentiator {
  const trainer = createTrainer({ backbone, isolation, head, loss: () => loss, optimizer: still }, { inputShape })
  const state = trainer.init(seeded(3))
  return { state, units: trainer.units, gradients: () => dispose(trainer.learn(state, { views })) }
}
