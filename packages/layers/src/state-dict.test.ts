import '@tensorflow/tfjs-backend-cpu'
import { leaves, seeded, type Variables } from '@lapstrake/core'
import { read } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { batchNorm, convBlock, fromStateDict, stageOf, toStateDict, type Naming, type TorchNetwork } from './index.ts'

const names = {
  kernel: 'conv.weight',
  'norm.scale': 'bn.weight',
  'norm.offset': 'bn.bias',
  mean: 'bn.running_mean',
  variance: 'bn.running_var'
}
const naming: Naming = () => path => names[path.slice(path.indexOf('s.') + 2) as keyof typeof names]

const stages = [stageOf('conv', convBlock({ filters: 4, size: 1, norm: batchNorm() }))]
const network: TorchNetwork = { called: 'a small one', told: 'the width', stages, inputShape: [2, 2, 3], naming }
const variables = (): readonly Variables[] => stages.map(({ init }) => init(seeded(1), [2, 2, 3]))

test('variables go out as PyTorch lays them out, and come back as they were', () => {
  const before = variables()
  const [kernel] = leaves<tf.Tensor>(before[0]!.params)
  const turned = tf.transpose(kernel!, [3, 2, 0, 1])
  const tensors = tf.memory().numTensors
  const out = toStateDict('toStateDict', before, naming)
  expect(Object.keys(out)).toEqual(Object.values(names))
  expect([out['conv.weight']!.shape, read(out['conv.weight'])]).toEqual([[4, 3, 1, 1], read(turned)])
  const counted = { ...out, 'bn.num_batches_tracked': tf.scalar(7), 'fc.weight': tf.ones([2, 4]) }
  const back = fromStateDict('fromStateDict', counted, network)
  expect(tf.memory().numTensors).toBe(tensors + 2 * Object.keys(names).length + 2)
  expect(back.map(({ params, buffers }) => read([params, buffers]))).toEqual(
    before.map(({ params, buffers }) => read([params, buffers]))
  )
})

test.each<[string, (tensors: Record<string, tf.Tensor>) => unknown, string]>([
  [
    'is missing',
    tensors => delete tensors['bn.bias'],
    'x: expected a small one, but bn.bias is missing. Give the width'
  ],
  [
    'is too much',
    tensors => (tensors['bn2.bias'] = tf.zeros([4])),
    'x: expected a small one, but there is bn2.bias, too. Give the width that it was made with.'
  ],
  [
    'has another shape',
    tensors => (tensors['bn.bias'] = tf.zeros([5])),
    'x: expected a small one with bn.bias of shape [4], got [5]. Give the width that it was made with.'
  ]
])('a tensor that %s is named, and nothing is left behind', (_, change, message) => {
  const tensors: Record<string, tf.Tensor> = { ...toStateDict('x', variables(), naming) }
  change(tensors)
  const before = tf.memory().numTensors
  expect(() => fromStateDict('x', tensors, network)).toThrow(message)
  expect(tf.memory().numTensors).toBe(before)
})

test.each([
  [() => fromStateDict('x', undefined as never, network), 'x: expected tensors by name, as in { "conv1.weight": … }'],
  [() => toStateDict('x', {} as never, naming), 'x: expected the variables of stages, as in state.stages, got {}.']
])('%s', (act, message) => expect(act).toThrow(message))
