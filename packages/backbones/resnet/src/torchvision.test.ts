import '@tensorflow/tfjs-backend-cpu'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialiseTensors, serialiseTree } from '@lapstrake/checkpoints'
import { own, seeded, type Shape, type Variables } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, describe, expect, test } from 'vitest'
import golden from './golden/torchvision.json' with { type: 'json' }
import { fromTorchvision, resNet, toTorchvision, type ResNetOptions } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'lapstrake-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Tensors = Readonly<Record<string, tf.Tensor>>
const tensorsOf = (): Tensors =>
  Object.fromEntries(Object.entries(golden.tensors).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]))

const encoded = (variables: readonly Variables[], images: tf.Tensor, options: ResNetOptions): tf.Tensor =>
  own(() =>
    resNet(options).stages.reduce(
      (flow, stage, i) => stage.apply(variables[i]!, flow, { training: false }).output,
      images
    )
  )

function agree(found: tf.Tensor, expected: tf.Tensor): void {
  expect(found.shape).toEqual(expected.shape)
  const [ours, theirs] = [read(found), read(expected)]
  const largest = Math.max(...theirs.map(Math.abs))
  expect(largest).toBeGreaterThan(0.1)
  expect(Math.max(...theirs.map((value, i) => Math.abs(value - ours[i]!)))).toBeLessThan(1e-4 * largest)
}

const variablesOf = (options: ResNetOptions): readonly Variables[] => {
  let shape: Shape = [32, 32, 3]
  return resNet(options).stages.map((stage, i) => {
    const { params, buffers, outputShape } = stage.init(seeded(i), shape)
    shape = outputShape
    return { params, buffers }
  })
}

describe('the weights of a torchvision ResNet-18', () => {
  test.each(['groups', 'blocks'] as const)('give its features, in stages by %s', stages => {
    const options = { depth: 18, stem: 'imagenet', stages } as const
    const variables = fromTorchvision(tensorsOf(), options)
    agree(
      encoded(variables, tf.tensor(golden.images.data, golden.images.shape), options),
      tf.tensor(golden.features.data, golden.features.shape)
    )
  })

  test('come back under their names, without the classifier, and nothing else is left behind', () => {
    const tensors = tensorsOf()
    const names = Object.keys(tensors).filter(name => !name.startsWith('fc.') && !name.endsWith('num_batches_tracked'))
    const before = tf.memory().numTensors
    const variables = fromTorchvision(tensors, { stem: 'imagenet' })
    const back = toTorchvision(variables)
    expect(tf.memory().numTensors).toBe(before + 2 * names.length)
    expect(new Set(Object.keys(back))).toEqual(new Set(names))
    for (const name of names)
      expect([back[name]!.shape, read(back[name])]).toEqual([tensors[name]!.shape, read(tensors[name])])
  })

  test('are not to be had from another network', () => {
    expect(() => toTorchvision([{ params: { weights: tf.ones([2]) }, buffers: {} }])).toThrow(
      'toTorchvision: expected the variables of a resNet, got 0.params.weights. Other backbones have no names there.'
    )
  })

  test.each<[string, (tensors: Record<string, tf.Tensor>) => unknown, ResNetOptions, string]>([
    [
      'one is missing',
      tensors => delete tensors['layer2.0.downsample.1.bias'],
      {},
      'expected a ResNet-18 of torchvision, but layer2.0.downsample.1.bias is missing'
    ],
    [
      'one is too much',
      tensors => {
        tensors['layer1.2.conv1.weight'] = tf.zeros([2, 2, 3, 3])
      },
      {},
      'but there is layer1.2.conv1.weight, too'
    ],
    [
      'it is of another stem',
      () => {},
      { stem: 'cifar' },
      'with conv1.weight of shape [2, 3, 3, 3], got [2, 3, 7, 7]. Give the depth, the stem'
    ],
    [
      'it is of another depth',
      () => {},
      { depth: 34 },
      'expected a ResNet-34 of torchvision, but layer1.2.conv1.weight is missing'
    ],
    [
      'it has a prefix',
      tensors => delete tensors['conv1.weight'],
      {},
      "conv1.weight is missing. Its tensors stand under plain names: take off a prefix such as 'module.'."
    ]
  ])('are refused when %s', (_, change, options, message) => {
    const tensors = tensorsOf()
    change(tensors)
    const before = tf.memory().numTensors
    expect(() => fromTorchvision(tensors, { stem: 'imagenet', ...options })).toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })
})

const python = ['/usr/bin/python3', 'python3'].find(name => spawnSync(name, ['-c', 'import torch']).status === 0)
if (python === undefined)
  console.log('torchvision.test.ts: python3 with torch is not here, so PyTorch is compared by a golden file only.')

describe.skipIf(python === undefined).each([
  [18, 'imagenet', 64],
  [34, 'imagenet', 8],
  [50, 'imagenet', 8],
  [18, 'cifar', 8]
] as const)('PyTorch with a ResNet-%i, stem %s, width %i', (depth, stem, width) => {
  const run = (what: string): void => {
    const { status, stderr } = spawnSync(
      python!,
      [join(import.meta.dirname, 'golden/torchvision.py'), what, folder, String(depth), stem, String(width)],
      { encoding: 'utf8' }
    )
    expect(status, stderr).toBe(0)
  }
  const tensors = (name: string): Tensors => deserialiseTensors(readFileSync(join(folder, `${name}.safetensors`)))

  test('gives the features that we find with its weights', () => {
    run('make')
    const { images, features } = tensors('batch')
    agree(encoded(fromTorchvision(tensors('model'), { depth, stem }), images!, { depth, stem, width }), features!)
  })

  test('loads our weights and finds our features', async () => {
    const options = { depth, stem, width }
    const variables = variablesOf(options)
    writeFileSync(join(folder, 'encoder.safetensors'), await serialiseTree(toTorchvision(variables)))
    run('load')
    const { images, features } = tensors('features')
    agree(encoded(variables, images!, options), features!)
  })
})
