import * as tf from '@tensorflow/tfjs-core'
import type { Batch, Mode, Stage, TargetNetwork, Unit, Variables } from './contracts.ts'
import { own, type Owned } from './memory.ts'
import type { Prepared } from './prepared.ts'
import { randomFrom, type Random } from './random.ts'
import { readUnits } from './read-units.ts'
import type { NetworkVariables, State } from './state.ts'
import { leaves, withLeaves } from './tree.ts'
import { byName } from './units.ts'

/** What a unit's loss finds in its batch from other networks: embeddings of a target, features of teachers. */
export type Shown = Pick<Batch, 'targets' | 'teacher' | 'teachers'>

/** What belongs to a step as a whole, found at its beginning. */
export interface Begun {
  /** Of this step, or of this part of its batch. */
  readonly random: Random
  /** By the name of the unit. */
  readonly shown: Readonly<Record<string, Shown>>
  /** The target network after this step. */
  readonly target: State['target']
}

/** Moves the target network, then asks it and the teachers what they make of the batch. */
export function begin(
  { backbone: { stages }, units, target, teacher }: Prepared,
  state: State,
  batch: Batch,
  part: number | undefined
): Begun {
  const step = randomFrom(state.key).split(state.step)
  const random = part === undefined ? step : step.split('part of a batch', part)
  const asked =
    target && askTarget({ stages, units }, state, batch, { training: true, random }, momentumAt(target, state.step))
  const lessons = teacher?.show(batch)
  return {
    random,
    shown: byName(units, ({ name }) => ({ targets: asked?.embeddings[name], ...lessons?.[name] })),
    target: asked?.target ?? {}
  }
}

function momentumAt({ momentum }: TargetNetwork, step: number): number {
  const found = momentum(step)
  if (typeof found === 'number' && found >= 0 && found <= 1) return found
  throw new RangeError(
    `target: expected a momentum from 0 to 1, got ${String(found)} at step ${step}. Try 0.99: ` +
      'it is the part that stays.'
  )
}

/** The target after this step, and its embeddings of the batch, for each unit. */
function askTarget(
  { stages, units }: { readonly stages: readonly Stage[]; readonly units: readonly Unit[] },
  state: State,
  batch: Batch,
  mode: Mode,
  momentum: number
): Owned<{ target: NetworkVariables; embeddings: ReturnType<typeof readUnits>['embeddings'] }> {
  return own(() => {
    const online = { stages: state.stages, heads: byName(units, ({ name }) => state.units[name]!.head) }
    const { stages: variables, heads } = follow(state.target as NetworkVariables, online, momentum)
    const read = readUnits({ stages, variables, units, heads, batch, mode })
    return {
      target: {
        stages: variables.map(({ params }, i) => ({ params, buffers: read.stageBuffers[i]! })),
        heads: byName(units, ({ name }) => ({ params: heads[name]!.params, buffers: read.headBuffers[name]! }))
      },
      embeddings: read.embeddings
    }
  })
}

/** The target after one step: its parameters drawn towards the network's, its buffers as they were. */
function follow(target: NetworkVariables, online: NetworkVariables, momentum: number): NetworkVariables {
  const towards = (mine: Variables, theirs: Variables): Variables => {
    const goals = leaves(theirs.params)
    const moved = leaves(mine.params).map((tensor, i) =>
      tf.tidy(() => tf.add(tf.mul(tensor, momentum), tf.mul(goals[i]!, 1 - momentum)))
    )
    return { params: withLeaves(mine.params, moved), buffers: mine.buffers }
  }
  return {
    stages: target.stages.map((variables, i) => towards(variables, online.stages[i]!)),
    heads: Object.fromEntries(
      Object.entries(target.heads).map(([name, head]) => [name, towards(head, online.heads[name]!)])
    )
  }
}
