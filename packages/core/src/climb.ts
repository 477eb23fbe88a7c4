import * as tf from '@tensorflow/tfjs-core'
import type { Buffers, Mode, Stage, Unit, Variables, Views } from './contracts.ts'
import { own, type Owned } from './memory.ts'
import { modeFor } from './mode-for.ts'
import { foldViews } from './views.ts'
import { applyToFlow } from './window-walk.ts'

/** A network, its readers, and what they look at. */
export interface Climb {
  readonly stages: readonly Stage[]
  readonly variables: readonly Variables[]
  readonly units: readonly Unit[]
  /** By the name of the unit. */
  readonly heads: Readonly<Record<string, Variables>>
  readonly views: readonly tf.Tensor[]
  readonly mode: Mode
}

/** What a network makes of a batch, and its buffers as they are afterwards. */
export interface Climbed {
  /** By the name of the unit. */
  readonly embeddings: Readonly<Record<string, Views<tf.Tensor2D>>>
  readonly stageBuffers: readonly Buffers[]
  readonly headBuffers: Readonly<Record<string, Buffers>>
}

/** Runs a network forward and reads it at the end of every unit. Nothing is kept for a backward pass. */
export const climb = ({ stages, variables, units, heads, views, mode }: Climb): Owned<Climbed> =>
  own(() => {
    const { folded, unfold } = foldViews(views)
    const embeddings: Record<string, Views<tf.Tensor2D>> = {}
    const headBuffers: Record<string, Buffers> = {}
    let flow = folded
    const read = (level: number): void => {
      for (const { name, head } of units.filter(({ end }) => end === level)) {
        const { outputs, aux } = applyToFlow(head, heads[name]!, flow, modeFor(mode, 'head', name))
        headBuffers[name] = aux
        embeddings[name] = unfold(outputs) as Views<tf.Tensor2D>
      }
    }
    const stageBuffers = stages.map((stage, i) => {
      read(i)
      const { outputs, aux } = own(() => {
        const { outputs, aux } = applyToFlow(stage, variables[i]!, flow, modeFor(mode, 'stage', i))
        // A stage may hand on the very tensor it was given.
        return { outputs: outputs.map(output => tf.clone(output)), aux }
      })
      flow.forEach(tensor => tensor.dispose())
      flow = outputs
      return aux
    })
    read(stages.length)
    return { embeddings, stageBuffers, headBuffers }
  })
