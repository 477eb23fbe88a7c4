import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import { sizeOf, vectors, type Given, type Native, type Natives } from './kernel.ts'

/** One pass over a parameter and what belongs to it. Results are in the order of the kernel's targets. */
function update(
  name: 'adamW' | 'lars' | 'momentum',
  { inputs, backend }: Given,
  order: readonly string[],
  targets: number,
  numbers: readonly number[]
): tf.TensorInfo[] {
  const { shape } = inputs.param!
  const results = Array.from({ length: targets }, () => backend.allocate(shape))
  const work = vectors(sizeOf(shape))
  const addresses = [...order.map(input => inputs[input]!), ...results].map(info => backend.addressOf(info))
  backend.engine.run(name, [...addresses, ...numbers], work, 20 * work)
  return results
}

const adamW: Native = given => {
  const { beta1, beta2, kept, rate, unbiased, epsilon } = given.attrs as Record<string, number>
  return update(
    'adamW',
    given,
    ['param', 'gradient', 'first', 'second'],
    3,
    [beta1, beta2, kept, rate, unbiased, epsilon, 1 - beta1!, 1 - beta2!].map(number => bitsOf(number!))
  )
}

const momentum: Native = given => {
  const { momentum, decay, rate, nesterov } = given.attrs as Record<string, number>
  return update('momentum', given, ['param', 'gradient', 'velocity'], 2, [
    ...[momentum, decay, rate].map(number => bitsOf(number!)),
    Number(nesterov)
  ])
}

/**
 * A parameter that adapts moves by the rate times `trust · ‖param‖ / ‖gradient + decay · param‖`, where neither is 0.
 */
const lars: Native = given => {
  const { momentum, decay, rate, trust, adapts } = given.attrs as Record<string, number>
  const [size, slope] = adapts ? lengths(given, decay!) : [0, 0]
  const ratio = size > 0 && slope > 0 ? (trust! * size) / slope : 1
  return update('lars', given, ['param', 'gradient', 'velocity'], 2, [momentum!, decay!, rate! * ratio].map(bitsOf))
}

/** Numbers of one block: few enough for the digits of float32; the sum of blocks is one of doubles. */
const blockSize = 4096

/** Euclidean lengths of the parameter and of its gradient with decay. */
function lengths({ inputs, backend }: Given, decay: number): readonly [number, number] {
  const { param, gradient } = inputs as { param: tf.TensorInfo; gradient: tf.TensorInfo }
  const size = sizeOf(param.shape)
  const blocks = Math.ceil(size / blockSize)
  const { engine } = backend
  return engine.withScratch(8 * blocks, squares => {
    engine.run(
      'larsSquares',
      [backend.addressOf(param), backend.addressOf(gradient), squares, size, blockSize, bitsOf(decay)],
      blocks,
      6 * size
    )
    let [ofParam, ofGradient] = [0, 0]
    for (let place = squares / 4; place < squares / 4 + 2 * blocks; place += 2) {
      ofParam += engine.floats[place]!
      ofGradient += engine.floats[place + 1]!
    }
    return [Math.sqrt(ofParam), Math.sqrt(ofGradient)]
  })
}

/** Steps of optimizers; the project's own functions ask for them where they are. */
export const updates: Natives = { AdamWUpdate: adamW, LarsUpdate: lars, MomentumUpdate: momentum }
