import { adamWUpdate, larsUpdate, momentumUpdate } from '@lapstrake/kernels'
import type * as tf from '@tensorflow/tfjs-core'
import { bitsOf } from '../engine.ts'
import type { WasmBackend } from '../wasm-backend.ts'
import { implement, sizeOf, vectors, type Implementation } from './kernel.ts'

/** One pass over a parameter and what belongs to it, the parameter first; results are those of the targets. */
function update<const Targets extends readonly tf.TensorInfo[]>(
  name: 'adamW' | 'lars' | 'momentum',
  inputs: readonly [param: tf.TensorInfo, ...belongings: tf.TensorInfo[]],
  targets: Targets,
  numbers: readonly number[],
  backend: WasmBackend
): Targets {
  const work = vectors(sizeOf(inputs[0].shape))
  const addresses = [...inputs, ...targets].map(info => backend.addressOf(info))
  backend.engine.run(name, [...addresses, ...numbers], work, 20 * work)
  return targets
}

const adamW = implement(adamWUpdate, ({ param, gradient, first, second }, attributes, backend) => {
  const { beta1, beta2, kept, rate, unbiased, epsilon } = attributes
  const numbers = [beta1, beta2, kept, rate, 1 / unbiased, epsilon, 1 - beta1, 1 - beta2].map(bitsOf)
  const { shape } = param
  const targets = [backend.allocate(shape), backend.allocate(shape), backend.allocate(shape)] as const
  return update('adamW', [param, gradient, first, second], targets, numbers, backend)
})

const momentum = implement(momentumUpdate, ({ param, gradient, velocity }, attributes, backend) => {
  const { momentum, decay, rate, nesterov } = attributes
  const numbers = [...[momentum, decay, rate].map(bitsOf), Number(nesterov)]
  const targets = [backend.allocate(param.shape), backend.allocate(param.shape)] as const
  return update('momentum', [param, gradient, velocity], targets, numbers, backend)
})

/**
 * A parameter that adapts moves by the rate times `trust · ‖param‖ / ‖gradient + decay · param‖`, where neither is 0.
 */
const lars = implement(larsUpdate, ({ param, gradient, velocity }, attributes, backend) => {
  const { momentum, decay, rate, trust, adapts } = attributes
  const [size, slope] = adapts ? lengths(param, gradient, decay, backend) : [0, 0]
  const ratio = size > 0 && slope > 0 ? (trust * size) / slope : 1
  const numbers = [momentum, decay, rate * ratio].map(bitsOf)
  const targets = [backend.allocate(param.shape), backend.allocate(param.shape)] as const
  return update('lars', [param, gradient, velocity], targets, numbers, backend)
})

/** Numbers of one block: few enough for the digits of float32; the sum of blocks is one of doubles. */
const blockSize = 4096

/** Euclidean lengths of a parameter and of its gradient with decay. */
function lengths(
  param: tf.TensorInfo,
  gradient: tf.TensorInfo,
  decay: number,
  backend: WasmBackend
): readonly [number, number] {
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

/** Steps of optimizers. */
export const updates: readonly Implementation[] = [adamW, lars, momentum]
