import {
  checkOptions,
  dispose,
  leaves,
  mapTree,
  own,
  seeded,
  tensorsOf,
  withLeaves,
  type Optimizer,
  type Owned,
  type Params
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { read } from './read.ts'

export interface OptimizerSuite {
  /** Updates in which a small quadratic must fall to a tenth. */
  readonly updates?: number | undefined
}

/**
 * The promises every optimizer keeps: an update lowers a quadratic and goes on doing so; its state keeps its form and
 * belongs to one owner; arguments are untouched, results are new tensors, and nothing is left behind.
 */
export function describeOptimizer(name: string, optimizer: Optimizer, suite: OptimizerSuite = {}): void {
  checkOptions<OptimizerSuite>('describeOptimizer', suite, { updates: 'number' })
  const { updates = 100 } = suite
  const start = (seed = 1): Params => ({ weights: seeded(seed).normal([3, 2]), bias: seeded(seed + 1).normal([2]) })
  const height = (params: Params): number => read(params).reduce((sum, value) => sum + value ** 2 / 2, 0)
  const copy = (params: Params): Params =>
    withLeaves(
      params,
      leaves<tf.Tensor>(params).map(leaf => tf.clone(leaf))
    )

  describe(`${name} keeps the promises of an optimizer`, () => {
    test('it goes down a quadratic, whose gradient is the parameters themselves', () => {
      let params = start()
      let state = optimizer.init(params)
      const first = height(params)
      for (let i = 0; i < updates; i++) {
        ;({ params, state } = optimizer.update(copy(params), state, params))
        if (i === 0) expect(height(params)).toBeLessThan(first)
      }
      expect(height(params)).toBeLessThan(first / 10)
    })

    test('its state keeps its form', () => {
      const params = start()
      const state = optimizer.init(params)
      const form = (tree: typeof state): unknown =>
        mapTree<tf.Tensor | number, unknown>(tree, leaf => (typeof leaf === 'number' ? 'number' : leaf.shape))
      expect(form(optimizer.update(start(3), state, params).state)).toEqual(form(state))
    })

    test('two owners share nothing: an update of one does not move the other', () => {
      const params = start()
      const mine = optimizer.init(params)
      const theirs = optimizer.init(params)
      const before = read(theirs)
      const once = read(optimizer.update(start(3), mine, params).params)
      optimizer.update(start(5), mine, params)
      expect(read(theirs)).toEqual(before)
      expect(read(optimizer.update(start(3), theirs, params).params)).toEqual(once)
    })

    test('arguments are untouched, moved parameters are new tensors, and nothing is left behind', () => {
      const params = start()
      const gradients = start(3)
      const state = optimizer.init(params)
      const given = [...tensorsOf(params), ...tensorsOf(gradients), ...tensorsOf(state)]
      const before = given.map(read)
      const tensors = tf.memory().numTensors
      const result = own(() => optimizer.update(gradients, state, params))
      for (const tensor of tensorsOf(result.params)) expect(given).not.toContain(tensor)
      dispose(result as Owned<unknown>)
      expect(tf.memory().numTensors).toBe(tensors)
      expect(given.map(read)).toEqual(before)
    })
  })
}
