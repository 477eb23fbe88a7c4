import { seeded } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { Network } from './agrees.ts'
import { first, float, weights, whole, type Networks } from './pieces.ts'

const int = (value: number): tf.Tensor => tf.scalar(value, 'int32')

/** Which of some things are true, as a number. */
const told = (truths: readonly tf.Tensor[]): tf.Tensor =>
  tf.addN(truths.map((truth, i) => tf.mul(float(truth), 2 ** i)))

/** No axes are none, and null is all. */
const axes = [null, [], [1, 2], [3], [1], [0], [1, 2, 3], [-1, 1], [0, 2]] as readonly number[][]

/** What is done with numbers, one by one and many at once. */
export const networksOfNumbers: Networks = {
  elementwise: {
    'four rules': x => tf.div(tf.sub(tf.add(tf.mul(x, 2), 1), tf.tensor1d([1, 2, 3, 4])), tf.add(tf.abs(x), 1)),
    'a row behind a convolution': x => tf.sub(first(x), tf.tensor1d([1, 2, 3, 4])),
    'maps behind a convolution': x => tf.sub(first(x), weights(5, 6, 1)),
    'an axis more': x => tf.mul(first(x), seeded(3).normal([2, 1, 1, 1, 4])),
    'the larger and the smaller': x => tf.add(tf.maximum(x, 0.2), tf.minimum(tf.neg(x), tf.tensor1d([1, 0, -1, 2]))),
    powers: x => tf.add(tf.pow(tf.abs(x), 1.5), tf.add(tf.square(x), tf.squaredDifference(x, 1))),
    'sums of many': x => tf.addN([x, tf.relu(x), tf.neg(x), tf.exp(x)]),
    'whole numbers': x =>
      float(tf.add(tf.mul(whole(x), int(3)), tf.sub(tf.square(whole(x)), tf.maximum(whole(x), tf.neg(whole(x)))))),
    'signs and sizes of whole numbers': x =>
      float(tf.add(tf.mul(tf.sign(whole(x)), int(3)), tf.minimum(tf.abs(whole(x)), int(2)))),
    'sums of many whole numbers': x => float(tf.addN([whole(x), whole(x), tf.squaredDifference(whole(x), int(1))])),
    'quotients of whole numbers': x => float(tf.floorDiv(whole(x), int(2))),
    'quotients rounded down': x => float(tf.floorDiv(x, 0.3)),
    'powers of whole numbers': x => float(tf.pow(whole(x), int(3))),
    clipping: x => tf.clipByValue(x, -0.5, 0.7),
    'clipping without end': x => tf.clipByValue(first(x), 0, Infinity),
    'ReLU and ReLU6': x => tf.add(tf.relu(x), tf.relu6(tf.mul(x, 9))),
    'a leaky ReLU as it is': x => tf.leakyRelu(x),
    'a leaky ReLU behind a convolution': x => tf.leakyRelu(first(x), 0.05),
    'a leaky ReLU without a slope': x => tf.leakyRelu(x, 0),
    PReLU: x => tf.prelu(x, tf.tensor1d([0.1, 0.2, -0.3, 1])),
    'PReLU behind a convolution': x => tf.prelu(first(x), tf.tensor1d([0.1, 0.2, -0.3, 1])),
    'PReLU of a number': x => tf.prelu(first(x), 0.4),
    'PReLU for each pixel': x => tf.prelu(first(x), weights(5, 6, 4)),
    'ELU and SELU': x => tf.add(tf.elu(x), tf.selu(x)),
    'a step': x => tf.add(tf.step(x), tf.step(first(x), 0.3)),
    roundings: x =>
      tf.addN([tf.floor(x), tf.mul(tf.ceil(x), 10), tf.mul(tf.round(tf.mul(x, 2)), 100), tf.mul(tf.sign(x), 1000)]),
    'halves, to the even': x => tf.round(tf.add(tf.mul(0, x), tf.tensor1d([0.5, 1.5, -2.5, 3.5]))),
    'exponentials and logarithms': x =>
      tf.addN([tf.exp(x), tf.log(tf.add(tf.abs(x), 0.1)), tf.expm1(x), tf.log1p(tf.abs(x)), tf.softplus(x)]),
    roots: x => tf.addN([tf.sqrt(tf.abs(x)), tf.rsqrt(tf.add(tf.abs(x), 0.1)), tf.reciprocal(tf.add(tf.abs(x), 0.2))]),
    circles: x =>
      tf.addN([tf.sin(x), tf.cos(x), tf.tan(tf.mul(x, 0.2)), tf.atan(x), tf.asin(tf.tanh(x)), tf.acos(tf.tanh(x))]),
    hyperbolas: x =>
      tf.addN([
        tf.sinh(x),
        tf.cosh(x),
        tf.tanh(x),
        tf.asinh(x),
        tf.acosh(tf.add(tf.abs(x), 1)),
        tf.atanh(tf.mul(tf.tanh(x), 0.9))
      ]),
    'sigmoid and erf': x => tf.add(tf.sigmoid(x), tf.erf(x)),
    GELU: x => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)),
    'GELU by tanh': x =>
      tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(0.79788456, tf.add(x, tf.mul(0.044715, tf.pow(x, 3))))), 1)),
    'swish and hard swish': x => tf.add(tf.mul(x, tf.sigmoid(x)), tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6))),
    Mish: x => tf.mul(x, tf.tanh(tf.softplus(x))),
    'of whole numbers': x => tf.exp(whole(x)),
    'ones and zeros like these': x => tf.add(tf.mul(x, tf.onesLike(x)), tf.sub(tf.zerosLike(x), tf.fill(x.shape, 2)))
  },
  logic: {
    comparisons: x =>
      told([tf.greater(x, 0), tf.greaterEqual(x, 0.5), tf.less(x, tf.tensor1d([1, 0, -1, 0])), tf.lessEqual(x, -1)]),
    'comparisons of whole numbers': x =>
      told([tf.greater(whole(x), 0), tf.equal(whole(x), 1), tf.notEqual(whole(x), 0), tf.lessEqual(whole(x), -1)]),
    'comparisons of truths': x => float(tf.notEqual(tf.greater(x, 0), tf.greater(x, 1))),
    'comparisons behind a convolution': x => tf.mul(first(x), tf.greater(first(x), tf.tensor1d([0, 0.1, 0.2, 0.3]))),
    'and, or, not': x =>
      float(tf.logicalOr(tf.logicalAnd(tf.greater(x, 0), tf.less(x, 1)), tf.logicalNot(tf.greater(x, -1)))),
    either: x => float(tf.logicalXor(tf.greater(x, 0), tf.less(x, 1))),
    'what is no number': x => told([tf.isNaN(tf.log(x)), tf.isInf(tf.div(1, tf.relu(x))), tf.isFinite(tf.log(x))]),
    'a choice': x => tf.where(tf.greater(x, 0), tf.exp(x), tf.neg(x)),
    'a choice behind a convolution': x => tf.where(tf.greater(first(x), 0.3), first(x), x),
    'a choice between a number and another': x => tf.where(tf.greater(x, 0), 1, -2),
    'a choice by a mask': x => tf.where(tf.greater(weights(5, 6, 1), 0), x, -1e3),
    'a choice by image and channel': x => tf.where(tf.greater(tf.mean(x, [1, 2], true), 0), x, -1),
    'a choice by what is the same for all images': x => tf.where(tf.greater(tf.mean(x, 0), 0), x, 5),
    'a choice between whole numbers': x => float(tf.where(tf.greater(x, 0), whole(x), int(7))),
    'a choice between numbers of two kinds': x => tf.where(tf.greater(x, 0), whole(x), x),
    'changes of type': x =>
      tf.add(tf.cast(tf.cast(x, 'int32'), 'float32'), tf.cast(tf.cast(tf.relu(x), 'bool'), 'float32')),
    'whole numbers that are no truths': x => float(tf.cast(tf.cast(whole(x), 'bool'), 'int32'))
  },
  reductions: {
    ...Object.fromEntries(
      axes.flatMap(axis =>
        [true, false].flatMap((kept): [string, Network][] => {
          const how = `over ${JSON.stringify(axis)}${kept ? ', kept' : ''}`
          return [
            [`${how}, sum and mean`, x => tf.add(tf.sum(x, axis, kept), tf.mean(x, axis, kept))],
            [`${how}, channels first`, x => tf.sub(tf.max(first(x), axis, kept), tf.min(tf.exp(first(x)), axis, kept))]
          ]
        })
      )
    ),
    products: x => tf.prod(x, [3]),
    'sums of whole numbers': x => float(tf.sum(whole(x), [1, 2])),
    'the mean of whole numbers': x => tf.mean(whole(x), [1, 2]),
    'the mean of truths': x => tf.mean(tf.greater(x, 0), [1, 2]),
    'how many are above': x => float(tf.sum(tf.greater(x, 0), [1, 2])),
    'the largest of whole numbers': x =>
      float(tf.add(tf.max(whole(x), 3), tf.mul(tf.min(whole(x), 3), tf.prod(whole(x), 3)))),
    'all and any': x => tf.add(float(tf.all(tf.greater(x, -1), 3)), tf.mul(float(tf.any(tf.greater(x, 1), 3)), 2)),
    places: x => tf.add(float(tf.argMax(x, 3)), tf.mul(float(tf.argMin(x, -1)), 10)),
    'places behind a convolution': x => float(tf.argMin(first(x), 1)),
    'places of whole numbers, the first of those alike': x => float(tf.argMax(whole(x), 3)),
    softmax: x => tf.add(tf.softmax(x), tf.logSoftmax(x)),
    'the logarithm of a sum of exponentials': x => tf.logSumExp(x, 3),
    'a norm': x => tf.norm(x, 2, 3)
  }
}
