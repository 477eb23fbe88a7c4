import * as tf from '@tensorflow/tfjs-core'
import type { WasmBackend } from '../wasm-backend.ts'
import { binary } from './binary.ts'
import { blocks } from './blocks.ts'
import { contrast } from './contrast.ts'
import { convolutions3 } from './convolutions-3d.ts'
import { depthwise } from './depthwise.ts'
import { groupNormalisation } from './group-normalisation.ts'
import { images } from './images.ts'
import type { Given, Natives } from './kernel.ts'
import { localResponses } from './local-response.ts'
import { movement } from './movement.ts'
import { normalisation } from './normalisation.ts'
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
  ...groupNormalisation,
  ...localResponses,
  ...contrast,
  ...updates
}

type Inputs = Given['inputs']

/**
 * Registers every kernel of the JavaScript backend for this one, which has the same data to it; those written for it go
 * first.
 */
export function registerKernels(): void {
  const kernels = new Map(tf.getKernelsForBackend('cpu').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]))
  for (const [kernelName, native] of Object.entries(natives)) {
    const fallback = kernels.get(kernelName)
    kernels.set(kernelName, given => {
      const { inputs, attrs, backend } = given
      return (
        native({ inputs: inputs as Inputs, attrs: attrs ?? {}, backend: backend as WasmBackend }) ?? fallback!(given)
      )
    })
  }
  for (const [kernelName, kernelFunc] of kernels) tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc })
}
