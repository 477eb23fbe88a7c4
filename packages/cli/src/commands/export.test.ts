import '@tensorflow/tfjs-backend-cpu'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { fromTorchvision, loadEncoder, namedLeaves, resNet, seeded, type Tree } from 'lapstrake'
import { decodeSafetensors, deserialiseTensors } from 'lapstrake/node'
import * as ort from 'onnxruntime-web'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = new URL('../../../..', import.meta.url).pathname
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'node_modules/.lapstrake-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const lapstrake = (...given: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(
    process.execPath,
    ['--conditions=@lapstrake/source', '--import', 'tsx', join(root, 'packages/cli/src/main.ts'), ...given],
    { cwd: root, encoding: 'utf8' }
  )

/** The folder of a run that has learnt a little. */
async function trained(name: string, backbone: string, before = ''): Promise<string> {
  await writeFile(
    join(folder, `${name}.ts`),
    `
import { convNet, ntXent, overlapping, projector, randomResizedCrop, resNet, sgd, shapes, twoViews } from 'lapstrake'
${before}
export default {
  name: '${name}', data: shapes({ limit: 32 }), batchSize: 16, epochs: 1,
  views: twoViews(randomResizedCrop({ size: 28 })), backbone: ${backbone},
  isolation: overlapping(), head: () => projector({ dims: [8] }), loss: () => ntXent(),
  optimizer: sgd({ learningRate: 0.1 })
}
`
  )
  const run = join(folder, name)
  const { status, stderr } = lapstrake('train', join(folder, `${name}.ts`), '--backend', 'wasm', '--out', run)
  expect(status, stderr).toBe(0)
  return run
}

test('a trained ResNet goes to ONNX and to PyTorch, and both are what was trained', async () => {
  const run = await trained('residual', `resNet({ depth: 18, width: 8 })`)
  const { status, stdout, stderr } = lapstrake('export', run)
  expect(status, stderr).toBe(0)
  expect(stdout).toContain(`${run}/encoder.safetensors   0.7 MB   weights by the names of PyTorch\n`)
  expect(stdout).toContain('images [batch, 28, 28, 3] to features')

  const weights = readFileSync(join(run, 'encoder.safetensors'))
  expect(decodeSafetensors(weights).metadata).toEqual({
    format: 'lapstrake-encoder-1',
    recipe: 'residual',
    backbone: 'resNet-18'
  })
  const variables = fromTorchvision(deserialiseTensors(weights), { depth: 18, stem: 'cifar' })
  const learnt = deserialiseTensors(readFileSync(join(run, 'weights.safetensors')))
  for (const { name, value } of namedLeaves(variables as unknown as Tree<tf.Tensor>))
    expect(value.dataSync()).toEqual(learnt[`stages.${name}`]!.dataSync())
  const images = seeded(1).normal([3, 28, 28, 3])
  const expected = resNet({ depth: 18, width: 8 })
    .stages.reduce((flow, stage, i) => stage.apply(variables[i]!, flow, { training: false }).output, images)
    .dataSync<'float32'>()

  expect(stdout).toContain(`${run}/network.safetensors`)
  expect(stdout).toContain('[batch, 28, 28, 3] to features, for loadEncoder\n')
  const loaded = await loadEncoder(join(run, 'network.safetensors'))
  expect([loaded.name, loaded.shapes[0], loaded.shapes.at(-1)]).toEqual(['residual', [28, 28, 3], [4, 4, 64]])
  const found = loaded.encode(images).dataSync()

  ort.env.wasm.numThreads = 1
  const session = await ort.InferenceSession.create(readFileSync(join(run, 'encoder.onnx')))
  const { features } = await session.run({
    images: new ort.Tensor('float32', Float32Array.from(images.dataSync()), images.shape)
  })
  expect(features!.dims).toEqual([3, 4, 4, 64])
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  ;(features!.data as Float32Array).forEach((value, i) =>
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * largest)
  )
  expected.forEach((value, i) => expect(Math.abs(value - found[i]!)).toBeLessThan(1e-5 * largest))
  tf.dispose(images)
})

test('another network keeps its own names, goes where it is told and takes images of the size asked for', async () => {
  const run = await trained('plain', `convNet({ widths: [4, 6], strides: [4, 2], layers: 1 })`)
  const out = join(folder, 'elsewhere')
  const { status, stdout, stderr } = lapstrake('export', run, '--out', out, '--size', '40')
  expect(status, stderr).toBe(0)
  expect(stdout).toContain('weights by the names of the stages')
  expect(Object.keys(decodeSafetensors(readFileSync(join(out, 'encoder.safetensors'))).tensors)).toContain(
    'conv2.params.0.kernel'
  )
  const session = await ort.InferenceSession.create(readFileSync(join(out, 'encoder.onnx')))
  const { features } = await session.run({
    images: new ort.Tensor('float32', new Float32Array(40 * 40 * 3), [1, 40, 40, 3])
  })
  expect(features!.dims).toEqual([1, 5, 5, 6])
  expect((await loadEncoder(join(out, 'network.safetensors'))).shapes[0]).toEqual([40, 40, 3])
  expect(existsSync(join(run, 'encoder.onnx'))).toBe(false)

  for (const [given, message] of [
    [['--backend', 'webgpu'], 'export: expected the backend wasm or cpu, got webgpu. Leave it out.\n'],
    [['--size', '0'], '--size: expected a whole number from 1 to 8192, got 0. Try --size 1.\n'],
    [
      ['--oout', 'x'],
      'export: expected options among --weights, --out, --size, --backend, --json, got --oout. Did you mean --out?\n'
    ]
  ] as const)
    expect(lapstrake('export', run, ...given)).toMatchObject({ status: 2, stderr: message })
  for (const path of [join(out, 'encoder.onnx'), join(out, 'encoder.onnx', 'below')])
    expect(lapstrake('export', run, '--out', path)).toMatchObject({
      status: 1,
      stderr:
        `export: expected a folder for --out, got ${join(out, 'encoder.onnx')}, which is none. ` +
        'Choose another place.\n'
    })
  expect(lapstrake('export', join(folder, 'nowhere')).stderr).toContain('it has no manifest.json')
})

test('stages that share a name are all there, behind their places', async () => {
  const run = await trained(
    'twins',
    `{
    name: 'twins', stages: [conv(3, 4), conv(4, 5), conv(5, 6)]
  }`,
    `
import * as tf from '@tensorflow/tfjs-core'
import { stateless } from 'lapstrake'
const conv = (inputs, outputs) => stateless('conv', {
  init: (random, [height, width]) => ({
    params: { kernel: random.normal([2, 2, inputs, outputs], 0, 0.3) },
    outputShape: [Math.ceil(height / 2), Math.ceil(width / 2), outputs]
  }),
  apply: ({ kernel }, x) => tf.tanh(tf.conv2d(x, kernel, 2, 'same'))
})`
  )
  const { status, stdout, stderr } = lapstrake('export', run)
  expect(status, stderr).toBe(0)
  expect(stdout).toContain('weights by the places and names of the stages\n')
  const { tensors } = decodeSafetensors(readFileSync(join(run, 'encoder.safetensors')))
  const learnt = decodeSafetensors(readFileSync(join(run, 'weights.safetensors'))).tensors
  expect(Object.keys(tensors).sort()).toEqual(['0.conv.params.kernel', '1.conv.params.kernel', '2.conv.params.kernel'])
  for (const i of [0, 1, 2]) expect(tensors[`${i}.conv.params.kernel`]).toEqual(learnt[`stages.${i}.params.kernel`])
})

test('what one file cannot hold is said, and the others are written', async () => {
  const run = await trained(
    'cumulated',
    `{ name: 'cumulated', stages: [stateless('sum', {
    init: (_, shape) => ({ params: {}, outputShape: shape }), apply: (_, x) => tf.cumsum(x, 3)
  }), ...convNet({ widths: [4], strides: [4], layers: 1 }).stages] }`,
    `import * as tf from '@tensorflow/tfjs-core'\nimport { stateless } from 'lapstrake'`
  )
  const { status, stdout, stderr } = lapstrake('export', run)
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('No encoder.onnx: toOnnx: expected operations that are known here, got the kernel Cumsum.')
  expect(stdout).not.toContain('encoder.onnx')
  expect((await loadEncoder(join(run, 'network.safetensors'))).shapes).toEqual([
    [28, 28, 3],
    [28, 28, 3],
    [7, 7, 4]
  ])
})
