import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { expect, test } from 'vitest'
import { createTrainer, dispose, seeded, stateless, type Mode, type Optimizer, type Stage } from './index.ts'

const still: Optimizer = { init: () => ({}), update: (_, state, params) => ({ params, state }) }

test.each([undefined, 2])(
  'stages of one name, heads and steps draw numbers of their own, microBatch %s',
  microBatch => {
    const drawn: string[] = []
    const noisy = (): Stage =>
      stateless('noisy', {
        init: (_, shape) => ({ params: { scale: tf.ones([1]) }, outputShape: shape }),
        apply: ({ scale }, x, mode: Mode) => {
          if (mode.training) drawn.push(mode.random.key.join())
          return tf.mul(x, scale!)
        }
      })
    const trainer = createTrainer(
      {
        backbone: { name: 'two', stages: [noisy(), noisy()] },
        isolation: () => [
          { start: 0, end: 1 },
          { start: 1, end: 2 }
        ],
        head: noisy,
        loss:
          () =>
          ([a]) =>
            tf.mean(a),
        optimizer: still
      },
      { inputShape: [3], ...(microBatch && { microBatch }) }
    )
    const batch = { views: [seeded(1).normal([2, 3]), seeded(2).normal([2, 3])] as const }
    let state = trainer.init(seeded(0))
    for (let step = 0; step < 2; step++) {
      const result = trainer.step(state, batch)
      dispose(result.losses)
      state = result.state
    }
    expect(drawn).toHaveLength(8)
    expect(new Set(drawn).size).toBe(8)
    dispose(state)
  }
)
