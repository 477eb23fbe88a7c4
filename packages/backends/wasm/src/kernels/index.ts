import * as tf from '@tensorflow/tfjs-core'
import type { WasmBackend } from '../wasm-backend.ts'
import { binary, relus } from './binary.ts'
import { blocks } from './blocks.ts'
import { contrast } from './contrast.ts'
import { convolutions3 } from './convolutions-3d.ts'
import { depthwise } from './depthwise.ts'
import { groupNormalisation } from './group-normalisation.ts'
import { augmentation, images } from './images.ts'
import type { Given, Implementation, Native, Natives } from './kernel.ts'
import { localResponses } from './local-response.ts'
import { movement } from './movement.ts'
import { batchNormalisation, normalisation } from './normalisation.ts'
import { places } from './places.ts'
import { pooling } from './pooling.ts'
import { products } from './products.ts'
import { ranking } from './ranking.ts'
import { reductions } from './reductions.ts'
import { resizing } from './resizing.ts'
import { unary } from './unary.ts'
import { updates } from './updates.ts'

const natives: Natives = {
  ...unary,
  ...binary,
  ...movement,
  ...places,
  ...blocks,
  ...reductions,
  ...ranking,
  ...resizing,
  ...images,
  ...products,
  ...depthwise,
  ...convolutions3,
  ...pooling,
  ...normalisation,
  ...localResponses
}

const implementations: readonly Implementation[] = [
  ...relus,
  ...batchNormalisation,
  ...groupNormalisation,
  ...contrast,
  ...augmentation,
  ...updates
]

type Inputs = Given['inputs']

/**
 * Registers every kernel of the JavaScript backend for this one, which has the same data to it; those written for it go
 * first, and the fused ones are added.
 */
export function registerKernels(): void {
  const kernels = new Map(tf.getKernelsForBackend('cpu').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]))
  const fused = implementations.map(({ kernel, native }) => [kernel.name, native] as const)
  for (const [kernelName, native] of [...Object.entries(natives), ...fused]) {
    kernels.set(kernelName, asKernel(native, kernels.get(kernelName)))
  }
  for (const [kernelName, kernelFunc] of kernels) tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc })
}

const asKernel =
  (native: Native, fallback: tf.KernelFunc | undefined): tf.KernelFunc =>
  given => {
    const { inputs, attrs, backend } = given
    return native({ inputs: inputs as Inputs, attrs: attrs ?? {}, backend: backend as WasmBackend }) ?? fallback!(given)
  }
