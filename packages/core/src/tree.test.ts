import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { dispose, leaves, mapTree, namedLeaves, own, tensorsOf, withLeaves } from './index.ts'

const tree = { blocks: [{ kernel: 1 }, { kernel: 2, bias: 3 }], scale: 4 }

test('leaves are named by the way to them, in a fixed order', () => {
  expect(namedLeaves(tree)).toEqual([
    { name: 'blocks.0.kernel', value: 1 },
    { name: 'blocks.1.kernel', value: 2 },
    { name: 'blocks.1.bias', value: 3 },
    { name: 'scale', value: 4 }
  ])
})

test('a tree is rebuilt from its leaves', () => {
  expect(withLeaves(tree, leaves(tree))).toEqual(tree)
  expect(() => withLeaves(tree, [1])).toThrow('withLeaves: expected 4 values, one for each leaf, got 1.')
})

test('mapping keeps the form and tells the names', () => {
  expect(mapTree(tree, (leaf, name) => `${name}=${leaf}`)).toEqual({
    blocks: [{ kernel: 'blocks.0.kernel=1' }, { kernel: 'blocks.1.kernel=2', bias: 'blocks.1.bias=3' }],
    scale: 'scale=4'
  })
})

test('what is owned outlives its making, and nothing else does', () => {
  const before = tf.memory().numTensors
  const owned = own(() => ({ sum: tf.add(tf.scalar(1), tf.scalar(2)), steps: 3 }))
  expect(tf.memory().numTensors).toBe(before + 1)
  expect(tensorsOf(owned)).toHaveLength(1)
  dispose(owned)
  dispose(owned)
  expect(tf.memory().numTensors).toBe(before)
})
