import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import { sizeOf, vectors, type Given, type Native, type Natives } from './kernel.ts'

/** One pass over a parameter and what belongs to it. Results are in the order of the kernel's targets. */
function update(name: 'adamW' | 'momentum', { inputs, backend }: Given, order: readonly string[], targets: number, numbers: readonly number[]): tf.TensorInfo[] {
  const { shape } = inputs.param!
  const results = Array.from({ length: targets }, () => backend.allocate(shape))
  const work = vectors(sizeOf(shape))
  const addresses = [...order.map(input => inputs[input]!), ...results].map(info => backend.addressOf(info))
  backend.engine.run(name, [...addresses, ...numbers], work, 20 * work)
  return results
}

const adamW: Native = given => {
  const { beta1, beta2, kept, rate, unbiased, epsilon } = given.attrs as Record<string, number>
  return update('adamW', given, ['param', 'gradient', 'first', 'second'], 3, [beta1, beta2, kept, rate, unbiased, epsilon, 1 - beta1!, 1 - beta2!].map(number => bitsOf(number!)))
}

const momentum: Native = given => {
  const { momentum, decay, rate, nesterov } = given.attrs as Record<string, number>
  return update('momentum', given, ['param', 'gradient', 'velocity'], 2, [...[momentum, decay, rate].map(number => bitsOf(number!)), Number(nesterov)])
}

/** Steps of optimizers; the project's own functions ask for them where they are. */
export const updates: Natives = { AdamWUpdate: adamW, MomentumUpdate: momentum }
