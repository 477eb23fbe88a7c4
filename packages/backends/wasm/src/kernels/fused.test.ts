import { fusedOr, seeded, type FusedKernel } from '@lapstrake/core'
import { contrastRows as contrastive } from '@lapstrake/embeddings'
import {
  batchNormGradient,
  channelMoments,
  contrastRows,
  groupNorm,
  groupNormGradient,
  reluGradient,
  reluOfSum
} from '@lapstrake/kernels'
import { kernelSuites } from '@lapstrake/kernels/suites'
import { batchNorm, groupNorm as groupNormalisation, residual, type Block } from '@lapstrake/layers'
import { describeKernel, type DescribeKernelOptions } from '@lapstrake/testing'
import * as tf from '@tensorflow/tfjs-core'
import { afterAll, expect, test } from 'vitest'
import { Engine } from '../engine.ts'
import { registerWasm } from '../index.ts'
import { loadModule } from '../load-module.ts'
import { WasmBackend } from '../wasm-backend.ts'

// The backend itself on two threads, and beside it one more on a single one.
const alone = 'wasm on one thread'
const backends = ['wasm', alone]
await registerWasm({ threads: 2 })
const loaded = await loadModule({ shared: true, relaxed: true })
const engine = await Engine.start({ ...loaded, shared: true, winograd: true, threads: 1 })
tf.registerBackend(alone, () => new WasmBackend(engine), 0)
tf.copyRegisteredKernels('wasm', alone)
afterAll(async () => engine.stop())

/** Kernels that this backend composes. */
const missing: readonly FusedKernel[] = []
const implemented = kernelSuites.filter(({ kernel }) => !missing.includes(kernel))

const training = { training: true, random: seeded(1) } as const

const throughBatchNorm = ([x, scale, offset]: readonly tf.Tensor[]): tf.Tensor =>
  batchNorm().apply({ params: { scale: scale!, offset: offset! }, buffers: runningOf(x!) }, x!, training, {}).output

const runningOf = (x: tf.Tensor): Record<'mean' | 'variance', tf.Tensor> => {
  const channels = x.shape[3]!
  return { mean: tf.zeros([channels]), variance: tf.ones([channels]) }
}

const throughGroupNorm = ([x, scale, offset]: readonly tf.Tensor[], groups: number, relu: boolean): tf.Tensor =>
  groupNormalisation({ groups }).apply({ params: { scale: scale!, offset: offset! }, buffers: {} }, x!, training, {
    relu
  }).output

/** A residual block without parameters: the ReLU of a map and another one that is its body. */
const throughResidual = ([a, b]: readonly tf.Tensor[]): tf.Tensor => {
  const body: Block = {
    filters: a!.shape.at(-1)!,
    lengthAfter: length => length,
    init: () => ({ params: {}, buffers: {} }),
    apply: () => ({ output: b!, buffers: {} })
  }
  const parts = { body: {}, skip: {} }
  const block = residual({ body, projection: body, resizes: false })
  return block.apply({ params: parts, buffers: parts }, a!, training).output
}

const held = <Kernel extends FusedKernel>(
  kernel: Kernel,
  options: DescribeKernelOptions<Kernel>
): readonly [FusedKernel, DescribeKernelOptions] => [kernel, options]

/** Kernels that need a tolerance of their own, or are used within an operation that is differentiated. */
const options = new Map([
  held(batchNormGradient, {
    tolerance: 1e-4,
    within: { at: ({ x, scale, mean }) => [x, scale, tf.zerosLike(mean)], operation: throughBatchNorm }
  }),
  held(channelMoments, {
    tolerance: 1e-4,
    within: {
      at: ({ x }) => [tf.sub(x, 47), tf.ones([x.shape[3]]), tf.zeros([x.shape[3]])],
      operation: throughBatchNorm
    }
  }),
  held(contrastRows, {
    within: {
      at: ({ rows, attracted }) => [rows, attracted],
      operation: ([rows, attracted], { weights }, options) =>
        contrastive(rows as tf.Tensor2D, attracted as tf.Tensor1D, weights, options)
    }
  }),
  held(groupNorm, {
    tolerance: 2e-5,
    within: {
      at: ({ x, scale, offset }) => [x, scale, offset],
      operation: (at, _, { groups, relu }) => throughGroupNorm(at, groups, relu)
    }
  }),
  held(groupNormGradient, {
    tolerance: 1e-4,
    within: {
      at: ({ x, scale }) => [x, scale, tf.zerosLike(scale)],
      operation: (at, _, { groups }) => throughGroupNorm(at, groups, false)
    }
  }),
  held(reluGradient, { tolerance: 0, within: { at: ({ dy, y }) => [dy, y], operation: throughResidual } }),
  held(reluOfSum, { tolerance: 0, within: { at: ({ a, b }) => [a, b], operation: throughResidual } })
])

for (const suite of implemented) describeKernel(suite, backends, options.get(suite.kernel))

test('every fused kernel is implemented, or named as missing', () => {
  const names = (backend: string): string[] => tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName)
  const theirs = new Set([...Object.values(tf).filter(value => typeof value === 'string'), ...names('cpu')])
  expect(
    names('wasm')
      .filter(name => !theirs.has(name))
      .toSorted()
  ).toEqual(implemented.map(({ kernel }) => kernel.name).toSorted())
})

test.each(implemented.map(suite => [suite.kernel.name, suite] as const))(
  '%s gives the same bits on one thread and on two, and leaves no memory behind',
  async (_, { kernel, ...suite }) => {
    const bitsOn = async (backend: string): Promise<number[][]> => {
      await tf.setBackend(backend)
      const { arena } = (tf.backend() as WasmBackend).engine
      const bits = (): number[][] =>
        tf.tidy(() =>
          suite
            .examples(seeded(1))
            .flatMap(({ inputs, attributes }) => fusedOr(kernel, inputs, attributes))
            .map(result => [...new Int32Array(result.dataSync<'float32'>().slice().buffer)])
        )
      bits() // zeros that kernels share are there from now on
      const before = arena.used
      const found = bits()
      expect(arena.used).toBe(before)
      return found
    }
    expect(await bitsOn('wasm')).toEqual(await bitsOn(alone))
  }
)
