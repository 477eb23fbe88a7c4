import type { Tensor } from '@tensorflow/tfjs-core'
import type { Mode, Params, Stage } from './contracts.ts'
import type { Shape } from './shape.ts'
import type { Random } from './random.ts'

/** A stage that remembers nothing between steps. */
export interface StatelessStage<P extends Params> {
  init(random: Random, inputShape: Shape): { readonly params: P; readonly outputShape: Shape }
  apply(params: P, input: Tensor, mode: Mode): Tensor
}

/** Lifts `(params, input) → output` to a {@link Stage} with no buffers. */
export const stateless = <P extends Params>(
  name: string,
  stage: StatelessStage<P>
): Stage<P, Record<string, never>> => ({
  name,
  init: (random, inputShape) => ({ ...stage.init(random, inputShape), buffers: {} }),
  apply: ({ params }, input, mode) => ({ output: stage.apply(params, input, mode), buffers: {} })
})
