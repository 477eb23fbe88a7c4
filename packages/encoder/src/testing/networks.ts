import { convNet, resNet } from '@lapstrake/backbone-resnet'
import { shuffleNet } from '@lapstrake/backbone-shufflenet'
import { own, seeded, stateless, type Owned, type Shape, type Stage, type Variables } from '@lapstrake/core'
import { stochastic } from '@lapstrake/loss-pac-bayes'
import * as tf from '@tensorflow/tfjs-core'

/** A stage of somebody's own, without weights. */
const plain = (outputShape: Shape, apply: (x: tf.Tensor) => tf.Tensor): Stage =>
  stateless('own', { init: () => ({ params: {}, outputShape }), apply: (_, x) => apply(x) })

/** Patches behind a token that is learned: shapes have the batch in them, and a constant has a row for each image. */
const tokens: Stage = stateless('tokens', {
  init: random => ({
    params: { token: random.normal([1, 1, 4]), kernel: random.normal([2, 2, 3, 4], 0, 0.3) },
    outputShape: [17, 4]
  }),
  apply({ token, kernel }, x) {
    const batch = x.shape[0]!
    const patches = tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 2, 'valid')
    return tf.concat([tf.tile(token!, [batch, 1, 1]), tf.reshape(patches, [batch, 16, 4])], 1)
  }
})

/** Networks of all kinds, with the shape of an input. */
export const networks: readonly (readonly [name: string, stages: readonly Stage[], inputShape: Shape])[] = [
  ['a plain network', convNet({ widths: [4, 6], strides: [2, 2], layers: 1 }).stages, [12, 12, 3]],
  ['a residual network', resNet({ width: 4 }).stages, [16, 16, 3]],
  ['a residual network with group statistics', resNet({ width: 4, norm: 'group' }).stages, [16, 12, 3]],
  ['a ShuffleNet', shuffleNet({ width: 0.5 }).stages, [8, 8, 3]],
  [
    'a stochastic network',
    convNet({ widths: [4, 6], strides: [2, 2], layers: 1, norm: 'group' }).stages.map(stage => stochastic(stage)),
    [12, 12, 1]
  ],
  [
    'tokens',
    [tokens, plain([17, 4], x => tf.softmax(tf.matMul(tf.mul(x, 2), tf.ones([x.shape[0]!, 4, 4]))))],
    [8, 8, 3]
  ],
  [
    'whole numbers, truths and several results',
    [
      plain([3], x => tf.cast(tf.argMax(tf.reshape(x, [x.shape[0]!, -1, 3]), 1), 'float32')),
      plain([3], x => tf.where(tf.greater(x, 1), tf.unstack(tf.stack([x, tf.square(x)]))[1]!, tf.maximum(x, -Infinity)))
    ],
    [4, 4, 3]
  ]
]

/** Variables of stages whose statistics are not those of the beginning. */
export const variablesOf = (stages: readonly Stage[], inputShape: Shape): Owned<readonly Variables[]> =>
  own(() => {
    let shape = inputShape
    return stages.map((stage, i): Variables => {
      const { params, buffers, outputShape } = stage.init(seeded(i), shape)
      const input = seeded(i + 9).normal([4, ...shape])
      shape = outputShape
      return { params, buffers: stage.apply({ params, buffers }, input, { training: true, random: seeded(1) }).buffers }
    })
  })
