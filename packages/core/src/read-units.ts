import * as tf from '@tensorflow/tfjs-core'
import { climb } from './climb.ts'
import type { Batch, Buffers, Mode, Stage, Unit, Variables, Views } from './contracts.ts'
import { applyToFlow } from './flow.ts'
import { own, type Owned } from './memory.ts'
import { modeFor } from './mode-for.ts'
import { foldViews } from './views.ts'

/** A network, its readers, and what they look at. */
export interface Reading {
  readonly stages: readonly Stage[]
  readonly variables: readonly Variables[]
  readonly units: readonly Unit[]
  /** By the name of the unit. */
  readonly heads: Readonly<Record<string, Variables>>
  readonly batch: Batch
  readonly mode: Mode
}

/** What a network makes of a batch, and its buffers as they are afterwards. */
export interface ReadOut {
  /** By the name of the unit. */
  readonly embeddings: Readonly<Record<string, Views<tf.Tensor2D>>>
  readonly stageBuffers: readonly Buffers[]
  readonly headBuffers: Readonly<Record<string, Buffers>>
}

/** Runs a network forward and reads it at the end of every unit. Nothing is kept for a backward pass. */
export const readUnits = ({ stages, variables, units, heads, batch, mode }: Reading): Owned<ReadOut> =>
  own(() => {
    const { flow, unfold } = foldViews(batch)
    const embeddings: Record<string, Views<tf.Tensor2D>> = {}
    const headBuffers: Record<string, Buffers> = {}
    const stageBuffers = climb({ stages, variables, mode }, flow, (level, now) => {
      for (const { name, head } of units.filter(({ end }) => end === level)) {
        const { outputs, aux } = applyToFlow(head, heads[name]!, now, modeFor(mode, 'head', name))
        headBuffers[name] = aux
        embeddings[name] = unfold(outputs.map(output => tf.clone(output))) as Views<tf.Tensor2D>
      }
    })
    return { embeddings, stageBuffers, headBuffers }
  })
