import { createTrainer, dispose, seeded } from '@lapstrake/core'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { movedBy, parametersOf, randomRecipe } from './random-recipe.ts'

/** Cases tried; many more by: npm run gradients -- --cases 20000 */
const cases = Number(process.env.LAPSTRAKE_GRADIENTS ?? 1500)
const first = Number(process.env.LAPSTRAKE_GRADIENTS_FROM ?? 0)

/** How far two lists of tensors are apart, in parts of the largest number among them. */
function apart(found: readonly tf.Tensor[], expected: readonly tf.Tensor[]): number {
  const [a, b] = [found, expected].map(tensors => tensors.flatMap(tensor => [...tensor.dataSync()])) as [
    number[],
    number[]
  ]
  if (a.length !== b.length) return Infinity
  const scale = Math.max(1, ...b.map(Math.abs))
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!) / scale), 0)
}

test(`a step moves ${cases} random recipes as automatic differentiation does, and leaks nothing`, async () => {
  await tf.setBackend('cpu')
  const wrong: string[] = []
  let worst = 0
  for (let i = first; i < first + cases; i++) {
    const drawn = randomRecipe(seeded(i))
    const before = tf.memory().numTensors
    const trainer = createTrainer(drawn.recipe, { inputShape: drawn.inputShape, microBatch: drawn.microBatch })
    const state = trainer.init(seeded(i))
    const batch = drawn.batch()
    const expected = movedBy(drawn, trainer.units, state, batch)
    const result = trainer.step(state, batch)
    const error = apart(parametersOf(result.state), expected)
    worst = Math.max(worst, error)
    if (!(error < 1e-6)) wrong.push(`${i}: ${error} apart: ${drawn.said}`)
    for (const made of [batch, expected, result.state, result.losses]) dispose(made as typeof expected)
    if (tf.memory().numTensors !== before) wrong.push(`${i}: leaks: ${drawn.said}`)
  }
  expect(wrong).toEqual([])
  if (process.env.LAPSTRAKE_GRADIENTS) console.log(`${cases} cases, at most ${worst.toExponential(1)} apart`)
}, 3_600_000)
