import '@tensorflow/tfjs-backend-cpu'
import { convNet, pResNet50, projector, resNet } from '@lapstrake/backbone-resnet'
import { own, seeded, type Backbone, type Shape, type Stage } from '@lapstrake/core'
import { describeOnBackends } from '@lapstrake/testing/node'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import * as ort from 'onnxruntime-web'
import { afterAll, describe, expect, test } from 'vitest'
import { toOnnx } from './index.ts'

ort.env.wasm.numThreads = 1
afterAll(() => tf.setBackend('cpu'))

type Network = (images: tf.Tensor) => tf.Tensor

/** What the runtime makes of a batch must be what we make of it. */
async function agrees(f: Network, inputShape: Shape, batches: readonly number[] = [1, 4]): Promise<void> {
  const file = toOnnx(f, { inputShape })
  const session = await ort.InferenceSession.create(file)
  expect([session.inputNames, session.outputNames]).toEqual([['images'], ['features']])
  for (const batch of batches) {
    const images = seeded(batch).normal([batch, ...inputShape])
    const expected = own(() => f(images))
    const { features } = await session.run({ images: new ort.Tensor('float32', Float32Array.from(read(images)), images.shape) })
    expect(features!.dims).toEqual(expected.shape)
    const [ours, theirs] = [read(expected), features!.data as Float32Array]
    const largest = Math.max(...ours.map(Math.abs))
    expect(largest).toBeGreaterThan(1e-3)
    expect(ours.reduce((worst, value, i) => Math.max(worst, Math.abs(value - theirs[i]!)), 0)).toBeLessThan(1e-4 * largest)
  }
  await session.release()
}

/** Stages at inference, with statistics that are not those of the beginning. */
function encoder(stages: readonly Stage[], inputShape: Shape): Network {
  let shape = inputShape
  const variables = stages.map((stage, i) => {
    const { params, buffers, outputShape } = stage.init(seeded(i), shape)
    const input = seeded(i + 9).normal([4, ...shape])
    shape = outputShape
    return { params, buffers: own(() => stage.apply({ params, buffers }, input, { training: true, random: seeded(1) }).buffers) }
  })
  return images => stages.reduce((flow, stage, i) => stage.apply(variables[i]!, flow, { training: false }).output, images)
}

await describeOnBackends(['wasm'], () => {
  describe.each<[string, Backbone, Shape]>([
    ['ResNet-18', resNet({ depth: 18, stem: 'imagenet' }), [64, 64, 3]],
    ['ResNet-50 with group statistics', resNet({ depth: 50, width: 8, norm: 'group' }), [32, 32, 3]],
    ['pResNet-50', pResNet50({ width: 7 }), [96, 96, 3]],
    ['convNet', convNet(), [28, 28, 3]]
  ])('%s is the same in onnxruntime', (_, { stages }, shape) => {
    test('on the wasm backend', async () => {
      await tf.setBackend('wasm')
      await agrees(encoder(stages, shape), shape)
    })
  })
})

describe('on the cpu backend', () => {
  test.each<[string, Backbone, Shape]>([
    ['a ResNet with batch statistics', resNet({ width: 4, stem: 'imagenet' }), [33, 40, 3]],
    ['a ResNet with group statistics', resNet({ width: 4, norm: 'group' }), [16, 16, 3]]
  ])('%s is the same', async (_, { stages }, shape) => agrees(encoder(stages, shape), shape))

  test('a network that ends in rows is the same', () =>
    agrees(encoder([...convNet({ widths: [4], strides: [2] }).stages, projector({ dims: [6, 5], norm: 'batch' })], [9, 9, 3]), [9, 9, 3]))
})

test('a ResNet is transposed at its two ends only', () => {
  const file = Buffer.from(toOnnx(encoder(resNet({ width: 4 }).stages, [16, 16, 3]), { inputShape: [16, 16, 3] })).toString('latin1')
  // Each operator stands there with its name and its number.
  expect(new Set(file.match(/Transpose\d+/g)).size).toBe(2)
})

const weights = (...shape: number[]): tf.Tensor4D => seeded(5).normal(shape) as tf.Tensor4D
test.each<[string, Network]>([
  ['depthwise convolution', x => tf.depthwiseConv2d(x as tf.Tensor4D, weights(3, 3, 4, 2), 2, 'same')],
  ['fused convolution', x => tf.fused.conv2d({ x: x as tf.Tensor4D, filter: weights(3, 3, 4, 5), strides: 2, pad: 'same', bias: tf.ones([5]), activation: 'relu6' })],
  ['dilated convolution', x => tf.conv2d(x as tf.Tensor4D, weights(3, 3, 4, 5), 1, 'same', 'NHWC', 2)],
  ['fused product', x => tf.fused.matMul({ a: tf.reshape(x, [-1, 4]) as tf.Tensor2D, b: weights(7, 4) as unknown as tf.Tensor2D, transposeB: true, bias: tf.ones([7]), activation: 'elu' })],
  ['pooling at the edges', x => tf.add(tf.avgPool(x as tf.Tensor4D, 3, 2, 'same'), tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'))],
  ['resizing', x => tf.image.resizeBilinear(x as tf.Tensor4D, [9, 4], false, true)],
  ['resizing by corners', x => tf.image.resizeBilinear(x as tf.Tensor4D, [9, 4], true)],
  ['batch normalisation', x => tf.batchNorm(x, tf.ones([4]), tf.fill([4], 2), tf.ones([4]), tf.fill([4], 3))],
  ['layer normalisation and attention', x => {
    const rows = tf.reshape(x, [-1, 30, 4])
    const { mean, variance } = tf.moments(rows, 2, true)
    const normal = tf.mul(tf.sub(rows, mean), tf.rsqrt(tf.add(variance, 1e-5))) as tf.Tensor3D
    return tf.matMul(tf.softmax(tf.matMul(normal, normal, false, true)), normal)
  }],
  ['means over maps', x => tf.add(tf.mean(tf.relu(tf.conv2d(x as tf.Tensor4D, weights(1, 1, 4, 4), 1, 'same')), [1, 2]), tf.max(x, [1, 2]))],
  ['sums and slices', x => tf.sum(tf.concat([tf.slice(x, [0, 1, 0, 0], [-1, 2, -1, -1]), tf.slice(x, [0, 0, 0, 0], [-1, 2, -1, -1])], 1), 3, true)],
  ['padding and transposition', x => tf.transpose(tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]], 3), [0, 3, 1, 2])],
  ['what is done with a row', x => tf.sub(tf.conv2d(x as tf.Tensor4D, weights(1, 1, 4, 4), 1, 'same'), tf.tensor1d([1, 2, 3, 4]))],
  ['what elements go through', x => tf.tanh(tf.sigmoid(tf.elu(tf.leakyRelu(tf.exp(tf.neg(tf.square(tf.softplus(tf.erf(tf.abs(x))))))))))],
  ['powers and quotients', x => tf.div(tf.sqrt(tf.maximum(tf.abs(x), 0.1)), tf.minimum(tf.pow(tf.squaredDifference(x, 9), 2), 8))]
])('%s is the same', (_, f) => agrees(f, [5, 6, 4]))

describe('is refused and said clearly', () => {
  test.each<[string, Network, string]>([
    ['an operation that is not known', x => tf.cumsum(x, 1), 'toOnnx: expected operations that are known here, got the kernel Cumsum. Write it with others'],
    ['a result that depends on nothing', () => tf.scalar(0.5), 'toOnnx: expected a result that depends on the input, got a constant.'],
    ['a constant for each image', x => tf.add(x, tf.ones(x.shape)), 'got a constant in Add that is not the same for two images and for three'],
    ['a loop over images', x => tf.addN(tf.split(x, x.shape[0]!)), 'operations'],
    ['images that are compared', x => {
      const rows = tf.reshape(x, [-1, 4])
      return tf.expandDims(tf.matMul(rows, rows, false, true))
    }, 'expected ExpandDims to leave the images of a batch apart']
  ])('%s', (_, f, message) => expect(() => toOnnx(f, { inputShape: [2, 2, 1] })).toThrow(message))

  test('and the engine is as it was', () => {
    const tensors = tf.memory().numTensors
    expect(() => toOnnx(x => tf.cumsum(x, 1), { inputShape: [2] })).toThrow('Cumsum')
    toOnnx(x => tf.relu(x), { inputShape: [2] })
    expect(tf.memory().numTensors).toBe(tensors)
    expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false)
  })
})
