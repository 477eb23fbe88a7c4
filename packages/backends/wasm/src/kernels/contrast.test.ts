import * as tf from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fusedOr, seeded } from '@lapstrake/core'
import { contrastRows } from '@lapstrake/kernels'
import { Engine } from '../engine.ts'
import { registerWasm } from '../index.ts'
import { loadModule } from '../load-module.ts'
import { WasmBackend } from '../wasm-backend.ts'
import { contrast } from './contrast.ts'

beforeAll(() => registerWasm({ threads: 2 }))

interface Problem {
  readonly rows: number[][]
  readonly attracted: number[]
  readonly weights: number[]
  readonly temperature: number
}

function problem(n: number, dim: number, temperature: number, { asking = n, length = 1 } = {}): Problem {
  const drawn = (seed: number, ...shape: number[]): tf.Tensor => seeded(seed).normal(shape)
  const rows = (drawn(1, n, dim).arraySync() as number[][]).map(row =>
    row.map(x => Math.fround((x * length) / Math.hypot(...row)))
  )
  return { rows, attracted: [...drawn(2, asking).dataSync()], weights: [...drawn(3, asking).dataSync()], temperature }
}

/** The formula and its slope as plain loops. */
function loops({ rows, attracted, weights, temperature }: Problem): { value: number; slope: number[] } {
  const slope = rows.map(row => row.map(() => 0))
  let value = 0
  weights.forEach((weight, i) => {
    const logits = rows.map((other, j) =>
      j === i ? -Infinity : other.reduce((sum, x, d) => sum + x * rows[i]![d]!, 0) / temperature
    )
    const most = logits.reduce((a, b) => Math.max(a, b))
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)
    value += weight * (most + Math.log(total) - attracted[i]!)
    logits.forEach((logit, j) => {
      const push = (weight * Math.exp(logit - most)) / total / temperature
      for (let d = 0; d < slope[i]!.length; d++) {
        slope[i]![d]! += push * rows[j]![d]!
        slope[j]![d]! += push * rows[i]![d]!
      }
    })
  })
  return { value, slope: slope.flat() }
}

function kernel({ rows, attracted, weights, temperature }: Problem): { value: number; slope: number[] } {
  return tf.tidy(() => {
    const inputs = { rows: tf.tensor2d(rows), attracted: tf.tensor1d(attracted), weights: tf.tensor1d(weights) }
    const [costs, slope] = fusedOr(contrastRows, inputs, { temperature, chunk: Infinity })
    const value = weights.reduce((sum, weight, i) => sum + weight * costs.dataSync()[i]!, 0)
    return { value, slope: [...slope.dataSync()] }
  })
}

describe.each<[n: number, dim: number, temperature: number, options?: { asking?: number; length?: number }]>([
  [2, 3, 0.5],
  [3, 2, 0.1],
  [64, 8, 0.5],
  [65, 7, 0.01],
  [129, 128, 100],
  [130, 5, 0.5, { length: 50 }],
  [200, 33, 0.07, { asking: 100 }],
  [300, 16, 0.5, { asking: 1 }],
  // More similarities than are kept, and blocks of more than one tile.
  [2300, 9, 0.1, { asking: 2290 }]
])('%i rows of %i numbers at temperature %f, %j', (n, dim, temperature, options) => {
  test('agree with the formula written as plain loops', () => {
    const given = problem(n, dim, temperature, options)
    const [found, expected] = [kernel(given), loops(given)]
    expect(Math.abs(found.value - expected.value)).toBeLessThan(
      1e-6 * Math.max(Math.abs(expected.value), 1 / temperature)
    )
    const largest = expected.slope.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0)
    expect(found.slope.length).toBe(expected.slope.length)
    expected.slope.forEach((slope, i) => expect(Math.abs(found.slope[i]! - slope)).toBeLessThan(5e-6 * largest))
  })
})

test('rows that are all equal, and rows that are no numbers', () => {
  const weights = Array.from({ length: 70 }, () => 1 / 70)
  const equal = { rows: weights.map(() => [0.6, 0.8]), attracted: weights.map(() => 0), weights, temperature: 0.01 }
  expect(kernel(equal).value).toBeCloseTo(100 + Math.log(69), 4)
  expect(Number.isNaN(kernel({ ...equal, rows: equal.rows.map((row, i) => (i === 66 ? [NaN, 0] : row)) }).value)).toBe(
    true
  )
})

describe('threads', () => {
  const engines: Engine[] = []
  afterAll(async () => {
    await Promise.all(engines.map(async engine => engine.stop()))
  })

  test.each([
    [7, 3],
    [700, 20],
    [2300, 16]
  ])('give %i rows of %i numbers the same to the bit, however many they are', async (n, dim) => {
    const { rows, attracted, weights, temperature } = problem(n, dim, 0.1)
    const results: number[][] = []
    for (const threads of [1, 2, 5]) {
      const engine = await Engine.start({
        ...(await loadModule({ shared: true, relaxed: true })),
        shared: true,
        winograd: true,
        threads
      })
      engines.push(engine)
      const backend = new WasmBackend(engine)
      const inputs = {
        rows: backend.makeTensorInfo([n, dim], 'float32', Float32Array.from(rows.flat())),
        attracted: backend.makeTensorInfo([n], 'float32', Float32Array.from(attracted)),
        weights: backend.makeTensorInfo([n], 'float32', Float32Array.from(weights))
      }
      const infos = contrast[0]!.native({ inputs, attrs: { temperature }, backend }) as tf.TensorInfo[]
      results.push(infos.flatMap(({ dataId }) => [...(backend.readSync(dataId) as Float32Array)]))
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })
})

test('nothing is left in the memory', () => {
  const bytes = (): number => (tf.memory() as unknown as { numBytesInMemory: number }).numBytesInMemory
  const given = problem(2300, 6, 0.5)
  kernel(given) // zeros that kernels share are there from now on
  const before = bytes()
  kernel(given)
  expect(bytes()).toBe(before)
})
