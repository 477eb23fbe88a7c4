import * as tf from '@tensorflow/tfjs-core'
import type { Buffers, Mode, Stage, Variables } from './contracts.ts'
import { applyToFlow, type Flow } from './flow.ts'
import { own, type Owned } from './memory.ts'
import { modeFor } from './mode-for.ts'

/** Stages, what they know, and how they are asked. */
export interface Climb {
  readonly stages: readonly Stage[]
  readonly variables: readonly Variables[]
  readonly mode: Mode
  /** How many stages are climbed: all, when left out. */
  readonly top?: number | undefined
}

/**
 * Runs stages forward once, with nothing kept for a backward pass. `look` is shown the flow at each level, 0 below the
 * first stage, and keeps clones of what it wants. Takes the flow, and returns the buffers of the stages climbed.
 */
export function climb(
  { stages, variables, mode, top = stages.length }: Climb,
  flow: Flow,
  look: (level: number, flow: Flow) => void
): Owned<readonly Buffers[]> {
  let now = flow
  const buffers = stages.slice(0, top).map((stage, i) => {
    look(i, now)
    const { outputs, aux } = own(() => {
      const { outputs, aux } = applyToFlow(stage, variables[i]!, now, modeFor(mode, 'stage', i))
      // A stage may hand on the very tensor it was given.
      return { outputs: outputs.map(output => tf.clone(output)), aux }
    })
    now.tensors.forEach(tensor => tensor.dispose())
    now = { ...now, tensors: outputs }
    return aux
  })
  look(top, now)
  now.tensors.forEach(tensor => tensor.dispose())
  return buffers as Owned<typeof buffers>
}
