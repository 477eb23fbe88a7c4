import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import {
  createTrainer,
  dispose,
  greedy,
  leaves,
  projector,
  convNet,
  seeded,
  sgd,
  weighted,
  type Recipe
} from 'lapstrake'
import { describeLoss } from '@lapstrake/testing'
import { expect, test } from 'vitest'
import { alignment } from './alignment.ts'
import { spread } from './spread.ts'

describeLoss('alignment', alignment())
describeLoss('spread', spread())

test.each(['alignment.ts', 'spread.ts'])('the page shows %s as it is', name => {
  const page = readFileSync(join(import.meta.dirname, '../write-your-own-loss.md'), 'utf8')
  expect(page).toContain(readFileSync(join(import.meta.dirname, name), 'utf8').trim())
})

test('both learn together, under local units, and what is remembered moves', () => {
  const recipe: Recipe = {
    backbone: convNet({ widths: [4, 4], strides: [2, 2], layers: 1 }),
    isolation: greedy(),
    head: () => projector({ dims: [4] }),
    loss: () =>
      weighted([
        [alignment(), 1],
        [spread(), 0.1]
      ]),
    optimizer: sgd({ learningRate: 0.1 })
  }
  const trainer = createTrainer(recipe, { inputShape: [8, 8, 3] })
  const views = [seeded(1).normal([6, 8, 8, 3]), seeded(2).normal([6, 8, 8, 3])] as const
  let state = trainer.init(seeded(0))
  const centre = (): number[] =>
    leaves(state.units['unit1']!.loss.memory).flatMap(leaf => (leaf instanceof tf.Tensor ? [...leaf.dataSync()] : []))
  expect(centre().every(value => value === 0)).toBe(true)
  const { state: next, losses } = trainer.step(state, { views })
  state = next
  expect(centre().some(value => value !== 0)).toBe(true)
  dispose(losses)
  dispose(state)
})

test('spread checks its options', () => {
  expect(() => spread({ momentum: 1 })).toThrow('spread: expected a momentum from 0 to below 1, got 1. Try 0.9.')
})
