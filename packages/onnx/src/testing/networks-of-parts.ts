import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { float, maps, rows, whole, type Networks } from './pieces.ts'

const matrix = (...shape: number[]): tf.Tensor2D => seeded(6).normal(shape) as tf.Tensor2D

/** Products, and numbers in other places. */
export const networksOfParts: Networks = {
  products: {
    'of rows': x => tf.matMul(tf.reshape(x, [-1, 4]), matrix(4, 7)),
    fused: x =>
      tf.fused.matMul({
        a: tf.reshape(x, [-1, 4]) as tf.Tensor2D,
        b: matrix(7, 4),
        transposeB: true,
        bias: tf.ones([7]),
        activation: 'elu'
      }),
    'fused, leaky ReLU': x =>
      tf.fused.matMul({ a: rows(x), b: matrix(1, 4, 3), activation: 'leakyrelu', leakyreluAlpha: 0.3 }),
    'fused, PReLU': x =>
      tf.fused.matMul({
        a: rows(x),
        b: matrix(1, 4, 3),
        activation: 'prelu',
        preluActivationWeights: tf.tensor1d([0.1, 0.2, 0.3])
      }),
    attention: x => tf.matMul(tf.softmax(tf.matMul(rows(x), rows(x), false, true)), rows(x)),
    transposed: x => tf.matMul(rows(x), rows(x), true, false),
    'by an equation': x => tf.einsum('bnd,bmd->bnm', rows(x), rows(x)),
    'of constants for each image': x => tf.matMul(rows(x), tf.tile(matrix(1, 4, 3), [x.shape[0]!, 1, 1]))
  },
  arrangement: {
    shapes: x => tf.squeeze(tf.expandDims(tf.reshape(x, [-1, 6, 20]), 1), [1]),
    axes: x => tf.transpose(x, [0, 3, 1, 2]),
    joined: x => tf.concat([x, tf.neg(x), tf.zerosLike(x), x], 3),
    'joined with a row for each image': x =>
      tf.concat([tf.tile(seeded(4).normal([1, 1, 4]), [x.shape[0]!, 1, 1]), rows(x)], 1),
    stacked: x => tf.stack([rows(x), tf.neg(rows(x)), tf.ones([x.shape[0]!, 30, 4])], 2),
    'stacked in front': x => tf.stack([rows(x), tf.neg(rows(x))]),
    'taken apart': x => tf.sub(tf.unstack(x, 2)[1]!, tf.unstack(x, 2)[4]!),
    'taken apart, the last axis': x => tf.mul(tf.unstack(x, -1)[3]!, 2),
    'cut in parts': x => tf.sub(tf.split(x, 2, 3)[1]!, tf.split(x, 2, -1)[0]!),
    'cut in parts of sizes': x => tf.concat([tf.split(x, [1, 3, 2], 2)[2]!, tf.split(x, [4, -1], 2)[0]!], 2),
    repeated: x => tf.tile(x, [1, 2, 1, 3]),
    'repeated for each image': x => tf.add(tf.tile(tf.mean(x, 0, true), [x.shape[0]!, 1, 1, 1]), x),
    'repeated images': x => tf.tile(x, [2, 1, 1, 1]),
    spread: x => tf.broadcastTo(tf.mean(x, 3, true), [x.shape[0]!, 5, 6, 3]),
    gathered: x => tf.gather(x, tf.tensor1d([3, 0, 0, 2], 'int32'), 3),
    'gathered images': x => tf.gather(x, tf.tensor2d([[0, 0]], [1, 2], 'int32')),
    'gathered from a table': x => tf.gather(matrix(9, 3), tf.argMax(x, 3)),
    'gathered at points': x =>
      tf.gatherND(
        tf.transpose(x, [1, 2, 0, 3]),
        tf.tensor2d(
          [
            [0, 1],
            [4, 5]
          ],
          [2, 2],
          'int32'
        )
      ),
    'one of many': x => tf.oneHot(tf.argMax(x, 3), 5, 2, -1, 'float32'),
    'one of many whole numbers': x => float(tf.oneHot(tf.argMax(x, 3), 4)),
    'depth to space': maps(x => tf.depthToSpace(x, 2)),
    'depth to space of more': maps(x => tf.depthToSpace(tf.concat([x, tf.neg(x), tf.exp(x)], 3) as tf.Tensor4D, 2)),
    'whole numbers': x =>
      float(tf.concat([tf.slice(rows(whole(x)), [0, 1, 0], [-1, 3, 2]), tf.fill([x.shape[0]!, 2, 2], 9, 'int32')], 1)),
    truths: x => float(tf.reshape(tf.tile(tf.reverse(tf.greater(x, 0), 1), [1, 1, 1, 2]), [-1, 60, 4]))
  },
  slices: {
    'a part': x => tf.slice(x, [0, 1, 2, 0], [-1, 2, 3, 4]),
    'the first rows': x => tf.slice(rows(x), 0, 1),
    'what is behind the first': x => tf.slice(rows(x), [0, 1]),
    'by strides': x => tf.stridedSlice(x, [0, 4, 1, 0], [x.shape[0]!, 0, 6, 4], [1, -2, 2, 1]),
    'by strides and masks': x => tf.stridedSlice(x, [0, 1, 0, 0], [0, 0, 5, 4], [1, 1, 3, 2], 0b1, 0b11),
    'by strides, an axis less': x =>
      tf.stridedSlice(x, [0, 2, 0, 0], [0, 3, 0, 0], [1, 1, 1, 1], 0b1101, 0b1101, 0, 0, 0b10),
    'by strides, an axis more': x => tf.stridedSlice(x, [0, 0, 1], [0, 0, 3], [1, 1, 1], 0, 0, 0b1, 0b10, 0),
    'by strides, images backwards': x => tf.stridedSlice(x, [-1], [0], [-1], 0b1, 0b1),
    backwards: x => tf.reverse(x, [1, 3]),
    'images backwards': x => tf.reverse(x, 0),
    'all backwards': x => tf.reverse(x),
    flipped: maps(x => tf.image.flipLeftRight(x)),
    padded: x =>
      tf.pad(
        x,
        [
          [0, 0],
          [1, 2],
          [0, 1],
          [0, 0]
        ],
        3
      ),
    'padded whole numbers': x =>
      float(
        tf.pad(
          whole(x),
          [
            [0, 0],
            [1, 2],
            [0, 1],
            [0, 0]
          ],
          3
        )
      ),
    mirrored: x =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [4, 1],
          [0, 3],
          [2, 0]
        ],
        'reflect'
      ),
    'mirrored with the edge': x =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [5, 1],
          [0, 3],
          [2, 4]
        ],
        'symmetric'
      )
  }
}
