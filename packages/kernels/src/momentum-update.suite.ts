import type { KernelSuite } from './kernel-suite.ts'
import { momentumUpdate } from './momentum-update.ts'
import { parameterShapes } from './parameter-shapes.ts'

export const momentumUpdateSuite: KernelSuite<typeof momentumUpdate> = {
  kernel: momentumUpdate,
  examples: random =>
    parameterShapes.flatMap(shape =>
      [true, false].map(nesterov => ({
        inputs: {
          param: random.split('param').normal(shape),
          gradient: random.split('gradient').normal(shape),
          velocity: random.split('velocity').normal(shape)
        },
        attributes: { momentum: 0.9, decay: nesterov ? 0.1 : 0, rate: 0.5, nesterov }
      }))
    )
}
