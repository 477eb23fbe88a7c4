// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dispose, train, useBackend } from 'lapstrake'
import recipe from './recipe.js'

test('every unit learns: its loss falls from the first steps to the last', async () => {
  await useBackend()
  /** @type {Record<string, number>[]} */
  const losses = []
  const { state } = await train({ ...recipe, epochs: 1 }, { onStep: step => void losses.push(step.losses) })
  dispose(state)
  for (const unit of Object.keys(losses[0] ?? {})) {
    const mean = steps => steps.reduce((sum, each) => sum + each[unit], 0) / steps.length
    assert.ok(mean(losses.slice(-5)) < mean(losses.slice(0, 5)), `${unit} does not learn`)
  }
})

test('the same seed gives the same losses', async () => {
  await useBackend()
  const first = async () => {
    /** @type {unknown[]} */
    const losses = []
    const stop = new AbortController()
    const { state } = await train(recipe, {
      signal: stop.signal,
      onStep(step) {
        losses.push(step.losses)
        if (losses.length === 3) stop.abort()
      }
    })
    dispose(state)
    return losses
  }
  assert.deepEqual(await first(), await first())
})
