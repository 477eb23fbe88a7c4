import '@tensorflow/tfjs-backend-cpu'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convNet, pResNet50, resNet } from '@lapstrake/backbone-resnet'
import { own, seeded, type Backbone, type Shape, type Stage } from '@lapstrake/core'
import { projector } from '@lapstrake/layers'
import { describeOnBackends } from '@lapstrake/testing/node'
import * as tf from '@tensorflow/tfjs-core'
import * as ort from 'onnxruntime-web'
import { afterAll, describe, expect, test } from 'vitest'
import { toOnnx } from './index.ts'
import { agrees, type Network } from './testing/agrees.ts'

afterAll(() => tf.setBackend('cpu'))

/** Stages at inference, with statistics that are not those of the beginning. */
function encoder(stages: readonly Stage[], inputShape: Shape): Network {
  let shape = inputShape
  const variables = stages.map((stage, i) => {
    const { params, buffers, outputShape } = stage.init(seeded(i), shape)
    const input = seeded(i + 9).normal([4, ...shape])
    shape = outputShape
    return {
      params,
      buffers: own(() => stage.apply({ params, buffers }, input, { training: true, random: seeded(1) }).buffers)
    }
  })
  return images =>
    stages.reduce((flow, stage, i) => stage.apply(variables[i]!, flow, { training: false }).output, images)
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
    agrees(
      encoder(
        [...convNet({ widths: [4], strides: [2] }).stages, projector({ dims: [6, 5], norm: 'batch' })],
        [9, 9, 3]
      ),
      [9, 9, 3]
    ))
})

test('a ResNet is transposed at its two ends only', () => {
  const file = Buffer.from(
    toOnnx(encoder(resNet({ width: 4 }).stages, [16, 16, 3]), { inputShape: [16, 16, 3] })
  ).toString('latin1')
  // Each operator stands there with its name and its number.
  expect(new Set(file.match(/Transpose\d+/g)).size).toBe(2)
})

test('the engine is as it was, whether it went well or not', () => {
  const tensors = tf.memory().numTensors
  expect(() => toOnnx(x => tf.cumsum(x, 1), { inputShape: [2] })).toThrow('Cumsum')
  toOnnx(x => tf.relu(x), { inputShape: [2] })
  toOnnx(x => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [2, 2]), { inputShape: [3, 3, 1] })
  expect(tf.memory().numTensors).toBe(tensors)
  expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false)
})

test('the names of input and output are never those of something within', async () => {
  const file = toOnnx(x => tf.add(tf.mul(x, 2), 1), { inputShape: [3], input: 'value0', output: 'constant0' })
  const session = await ort.InferenceSession.create(file)
  const { constant0 } = await session.run({ value0: new ort.Tensor('float32', Float32Array.of(1, 2, 3), [1, 3]) })
  expect([...(constant0!.data as Float32Array)]).toEqual([3, 5, 7])
})

const choice: Network = x => {
  const place = tf.cast(tf.expandDims(tf.argMax(x, 1), 1), 'float32')
  return tf.where(tf.greater(x, 0), place, tf.concat(tf.split(x, 2, 1), 1))
}
const python = ['/usr/bin/python3', 'python3'].find(name => spawnSync(name, ['-c', 'import onnx']).status === 0)
test.skipIf(python === undefined)('the checker of ONNX finds nothing amiss (needs python3 with onnx)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lapstrake-onnx-'))
  const inputShape = [16, 16, 3]
  const residual = encoder(resNet({ width: 4, norm: 'group' }).stages, inputShape)
  await writeFile(join(folder, 'residual.onnx'), toOnnx(residual, { inputShape, metadata: { layout: 'NHWC' } }))
  await writeFile(join(folder, 'choice.onnx'), toOnnx(choice, { inputShape: [4] }))
  const { stdout, stderr } = spawnSync(
    python!,
    [
      '-c',
      `
import onnx, sys
for name in ['residual', 'choice']:
  onnx.checker.check_model(sys.argv[1] + '/' + name + '.onnx', full_check=True)
  print(name)
`,
      folder
    ],
    { encoding: 'utf8' }
  )
  await rm(folder, { recursive: true })
  expect(stdout, stderr).toBe('residual\nchoice\n')
})
