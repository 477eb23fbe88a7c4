import type * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Engine } from '../engine.ts'
import { loadModule } from '../load-module.ts'
import { WasmBackend } from '../wasm-backend.ts'
import { binary } from './binary.ts'
import { groupNormalisation } from './group-normalisation.ts'
import { images } from './images.ts'
import type { Natives } from './kernel.ts'
import { normalisation } from './normalisation.ts'
import { updates } from './updates.ts'

const natives: Natives = { ...binary, ...groupNormalisation, ...images, ...normalisation, ...updates }
let backends: WasmBackend[]

beforeAll(async () => {
  const loaded = await loadModule({ shared: true, relaxed: true })
  backends = await Promise.all(
    [1, 2].map(
      async threads => new WasmBackend(await Engine.start({ ...loaded, shared: true, winograd: true, threads }))
    )
  )
})
afterAll(async () => Promise.all(backends.map(({ engine }) => engine.stop())))

const map = [9, 21, 19, 37]
const [perChannel, perImage, matrix, pictures] = [[37], [9, 1, 1, 37], [130, 211], [33, 25, 27, 3]]
test.each<[string, Readonly<Record<string, number[]>>, object]>([
  ['ReluOfSum', { a: map, b: map }, {}],
  ['ReluGradient', { a: map, b: map }, {}],
  ['ChannelMoments', { x: map }, {}],
  ['BatchNormGradient', { g: map, x: map, scale: perChannel, mean: perChannel, inverse: perChannel }, {}],
  ['GroupNorm', { x: map, scale: perChannel, offset: perChannel }, { groups: 1, epsilon: 1e-5, relu: true }],
  ['GroupNormGradient', { g: map, x: map, scale: perChannel, mean: perImage, inverse: perImage }, { groups: 37 }],
  [
    'AdamWUpdate',
    { param: matrix, gradient: matrix, first: matrix, second: matrix },
    { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, kept: 0.99, rate: 0.02, unbiased: 1.5 }
  ],
  [
    'LarsUpdate',
    { param: matrix, gradient: matrix, velocity: matrix },
    { momentum: 0.9, decay: 0.1, rate: 0.5, trust: 0.02, adapts: true }
  ],
  [
    'MomentumUpdate',
    { param: matrix, gradient: matrix, velocity: matrix },
    { momentum: 0.9, decay: 0.1, rate: 0.5, nesterov: true }
  ],
  ['MixColors', { images: pictures, matrices: [33, 3, 3], lifts: [33], luma: [3] }, {}],
  ['BlurImages', { images: pictures, weights: [33, 9] }, {}]
])('%s gives the same bits on one thread and on two, and leaves no memory behind', (name, shapes, attrs) => {
  const [alone, together] = backends.map(backend => {
    const { engine } = backend
    const before = engine.arena.used
    const inputs = Object.fromEntries(
      Object.entries(shapes).map(([input, shape], which) => {
        const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) =>
          Math.abs(Math.sin(i * 0.37 + which))
        )
        return [input, backend.makeTensorInfo(shape, 'float32', values)]
      })
    )
    const results = [
      natives[name]!({ inputs, attrs: attrs as Readonly<Record<string, unknown>>, backend })
    ].flat() as tf.TensorInfo[]
    const bits = results.map(({ dataId }) => [...new Int32Array((backend.readSync(dataId) as Float32Array).buffer)])
    for (const { dataId } of [...results, ...Object.values(inputs)]) backend.disposeData(dataId)
    expect(engine.arena.used).toBe(before)
    return bits
  })
  expect(together).toEqual(alone)
})
