import '@tensorflow/tfjs-backend-cpu'
import { leaves, own, type Variables } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import golden from './golden/torchvision.json' with { type: 'json' }
import { shuffleNet, shuffleNetFromTorchvision, type ShuffleNetOptions } from './index.ts'

type Tensors = Record<string, tf.Tensor>

/** Draws what golden/make.py draws, in the same order. */
function drawn(shapes: Readonly<Record<string, number[]>>): Tensors {
  let state = 1
  const uniform = (low: number, high: number): number => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0
    return low + ((high - low) * state) / 2 ** 32
  }
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      if (name.endsWith('num_batches_tracked')) return [name, tf.scalar(0, 'int32')]
      const size = tf.util.sizeFromShape(shape)
      const bound = shape.length > 1 ? Math.sqrt((6 * shape[0]!) / size) : 0.2
      const isPositive = shape.length === 1 && /(weight|running_var)$/.test(name)
      const values = Float32Array.from({ length: size }, () =>
        isPositive ? uniform(0.5, 1.5) : uniform(-bound, bound)
      )
      return [name, tf.tensor(values, shape)]
    })
  )
}

const encoded = (variables: readonly Variables[], options: ShuffleNetOptions): tf.Tensor =>
  own(() =>
    shuffleNet(options).stages.reduce<tf.Tensor>(
      (flow, stage, i) => stage.apply(variables[i]!, flow, { training: false }).output,
      tf.tensor(golden.images.data, golden.images.shape)
    )
  )

const half: ShuffleNetOptions = { width: 0.5, stem: 'imagenet' }
const shapesOfHalf: Readonly<Record<string, number[]>> = golden.models[0.5].shapes

describe('the weights of a ShuffleNet v2 of torchvision', () => {
  test.each<ShuffleNetOptions>([half, { ...half, stages: 'blocks' }, { width: 1, stem: 'imagenet' }])(
    'give its features: %o',
    options => {
      const { shapes, features } = golden.models[options.width as 0.5 | 1]
      const found = encoded(shuffleNetFromTorchvision(drawn(shapes), options), options)
      expect(found.shape).toEqual(features.shape)
      const largest = Math.max(...features.data)
      expect(largest).toBeGreaterThan(0.1)
      expect(Math.max(...read(found).map((value, i) => Math.abs(value - features.data[i]!)))).toBeLessThan(
        1e-4 * largest
      )
    }
  )

  test('come back under their names, without the classifier, and nothing else is left behind', () => {
    const tensors = drawn(shapesOfHalf)
    const names = Object.keys(tensors).filter(name => !name.startsWith('fc.') && !name.endsWith('num_batches_tracked'))
    const before = tf.memory().numTensors
    const variables = shuffleNetFromTorchvision(tensors, half)
    const back = shuffleNet(half).stateDict!(variables)
    expect(tf.memory().numTensors).toBe(before + 2 * names.length)
    expect(new Set(Object.keys(back))).toEqual(new Set(names))
    for (const name of names)
      expect([back[name]!.shape, read(back[name])]).toEqual([tensors[name]!.shape, read(tensors[name])])
  })

  test('are not to be had from another network', () => {
    expect(() => shuffleNet().stateDict!([{ params: { weights: tf.ones([2]) }, buffers: {} }])).toThrow(
      'shuffleNet: expected the variables of a shuffleNet, got 0.params.weights. Other backbones have no names there.'
    )
  })

  test.each<[string, (tensors: Tensors) => unknown, ShuffleNetOptions, string]>([
    [
      'one is missing',
      tensors => delete tensors['stage3.0.branch1.3.bias'],
      half,
      'expected a ShuffleNet v2 x0.5 of torchvision, but stage3.0.branch1.3.bias is missing.'
    ],
    [
      'one is too much',
      tensors => (tensors['stage2.4.branch2.0.weight'] = tf.zeros([2])),
      half,
      'but there is stage2.4.branch2.0.weight, too. Give the width and the norm that it was made with.'
    ],
    [
      'it is of another width',
      () => {},
      { ...half, width: 1 },
      'expected a ShuffleNet v2 x1.0 of torchvision with stage2.0.branch1.2.weight of shape [58, 24, 1, 1], ' +
        'got [24, 24, 1, 1]. Give the width and the norm'
    ]
  ])('are refused when %s', (_, change, options, message) => {
    const tensors = drawn(shapesOfHalf)
    change(tensors)
    const before = tf.memory().numTensors
    expect(() => shuffleNetFromTorchvision(tensors, options)).toThrow(message)
    expect(tf.memory().numTensors).toBe(before)
  })

  test('are wanted by name', () =>
    expect(() => shuffleNetFromTorchvision(undefined as never)).toThrow(
      'shuffleNetFromTorchvision: expected tensors by name, as in { "conv1.weight": … }, got undefined.'
    ))
})

test('every leaf has a name of its own', () => {
  const variables = shuffleNetFromTorchvision(drawn(shapesOfHalf), half)
  const count = leaves(variables.map(({ params, buffers }) => [params, buffers])).length
  expect(Object.keys(shuffleNet(half).stateDict!(variables)).length).toBe(count)
})
