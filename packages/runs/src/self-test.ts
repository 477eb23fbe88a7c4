import { convNet } from '@lapstrake/backbone-resnet'
import { createTrainer, dispose, own, seeded, tensorsOf, type Batch } from '@lapstrake/core'
import { overlapping } from '@lapstrake/isolation'
import { linear } from '@lapstrake/layers'
import { ntXent } from '@lapstrake/loss-info-nce'
import { sgd } from '@lapstrake/optimizers'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Weights after one small training step: convolutions with strides, batch statistics, pooling, a head, NT-Xent,
 * momentum.
 */
async function smallStep(): Promise<Float32Array[]> {
  const trainer = createTrainer(
    {
      backbone: convNet({ widths: [4, 6], strides: [1, 2], layers: 1 }),
      isolation: overlapping(),
      head: () => linear({ dim: 5 }),
      loss: () => ntXent({ temperature: 0.2 }),
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 })
    },
    { inputShape: [8, 8, 3] }
  )
  const random = seeded(1)
  const batch = own(
    (): Batch => ({ views: [random.split(0).uniform([6, 8, 8, 3]), random.split(1).uniform([6, 8, 8, 3])] })
  )
  const { state, losses } = trainer.step(trainer.init(random), batch)
  const values = await Promise.all(
    [...tensorsOf(losses), ...tensorsOf(state)].map(tensor => tensor.data() as Promise<Float32Array>)
  )
  dispose(state)
  dispose(losses)
  dispose(batch)
  return values
}

let expected: Promise<Float32Array[]> | undefined

/**
 * Runs one small training step on the backend in use and on the JavaScript one.
 *
 * @returns the largest difference of any tensor, relative to its largest number; about 1e-6 for a sound backend
 */
export async function selfTest(): Promise<number> {
  const name = tf.getBackend()
  if (expected === undefined) {
    await tf.setBackend('cpu')
    expected = smallStep()
    await expected
    await tf.setBackend(name)
  }
  const reference = await expected
  const found = await smallStep()
  return Math.max(
    ...reference.map((values, i) => {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
      const worst = values.reduce((most, value, j) => Math.max(most, Math.abs(value - found[i]![j]!) / largest), 0)
      return Number.isFinite(worst) && found[i]!.every(Number.isFinite) ? worst : Infinity
    })
  )
}
