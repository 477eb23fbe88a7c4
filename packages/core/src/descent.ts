import * as tf from '@tensorflow/tfjs-core'
import type { Buffers, Params, Stage, Unit, Variables } from './contracts.ts'
import { gradientTree } from './gradient-tree.ts'
import type { Lane } from './lanes.ts'
import type { Vjp } from './vjp.ts'

/** Cotangents of what flows between two stages, one tensor for each size of view. */
export type Cotangent = readonly (tf.Tensor | undefined)[]

/** A stage between its forward pass and the last unit that holds it. */
export interface LiveStage {
  readonly pullback: Vjp<Buffers>
  readonly input: readonly tf.Tensor[]
  readonly weights: readonly tf.Tensor[]
  /** Where the last unit that holds it ends. */
  readonly end: number
}

/** A live stage with what has come down to it. */
interface Waiting extends LiveStage {
  /** What has arrived at its output, by lane. */
  readonly arrived: Map<Lane, Cotangent>
  /** The merged cotangent, for the stage's own parameters. */
  merged: Cotangent | undefined
}

/** The way down of what units send: to the parameters of stages, and to the stages below. */
export interface Descent {
  /** Keeps a stage until the last unit that holds it is served. */
  hold(index: number, stage: LiveStage): void
  /** Takes the cotangent of what flows out of a unit's uppermost stage. */
  send(unit: Unit, cotangent: Cotangent): void
  /** Brings everything that is complete, when the walk is at a level, as far down as it goes. */
  descend(level: number): void
  /** The gradient of each stage's parameters; absent where no unit teaches. */
  readonly gradients: readonly (Params | undefined)[]
  /** Frees what an interrupted walk held. */
  dispose(): void
}

/** What of a walk its way down knows. */
export interface DescentPlan {
  readonly stages: readonly Stage[]
  readonly variables: readonly Variables[]
  /** For each stage, the units that hold it and the weight of what each teaches there. */
  readonly shares: readonly ReadonlyMap<Unit, number>[]
  readonly lanes: readonly Lane[]
}

/**
 * A backward pass is linear in the cotangent: a stage's parameters are differentiated once, with what its units'
 * cotangents merge to, and only the gradient of its input is propagated apart for units with different starts.
 */
export function descent({ stages, variables, shares, lanes }: DescentPlan): Descent {
  const live = new Map<number, Waiting>()
  const gradients: (Params | undefined)[] = stages.map(() => undefined)

  function arrive(index: number, lane: Lane, cotangent: Cotangent): void {
    const { arrived } = live.get(index)!
    arrived.set(lane, plus(arrived.get(lane), cotangent))
  }

  function passOn(index: number, lane: Lane, cotangent: Cotangent): void {
    if (cotangent.every(tensor => tensor === undefined)) {
      throw new Error(
        `stage "${stages[index]!.name}": expected an output that depends on its input, got one that does not. ` +
          'Stages below it could not learn: keep to float32 and operations with a gradient, or end a span below it.'
      )
    }
    arrive(index - 1, lane, cotangent)
  }

  function descend(level: number): void {
    for (let index = level - 1; index >= 0; index--) {
      const stage = live.get(index)
      if (stage === undefined) continue
      const ready = [...stage.arrived].filter(([lane]) => lane.end <= level)
      const finished = stage.end <= level
      if (finished && ready.length === 1 && stage.merged === undefined && share(index, ready[0]![0]) === 1) {
        pullTogether(index, stage, ready[0]!)
      } else {
        for (const [lane, cotangent] of ready) pullInput(index, stage, lane, cotangent)
        if (finished) pullWeights(index, stage)
      }
      if (finished) live.delete(index)
    }
  }

  /** The weight of a lane in a stage: its units that hold the stage agree on it. */
  const share = (index: number, lane: Lane): number =>
    shares[index]!.get(lane.units.find(unit => shares[index]!.has(unit))!)!

  /** One cotangent only: input and parameters in a single backward pass. */
  function pullTogether(
    index: number,
    { pullback, input, weights, arrived }: Waiting,
    [lane, cotangent]: [Lane, Cotangent]
  ): void {
    const below = lane.start < index ? input : []
    const pulled = pullback.pull(cotangent, [...below, ...weights], { last: true, consume: true })
    if (below.length > 0) passOn(index, lane, pulled.slice(0, below.length))
    gradients[index] = gradientTree(stages[index]!, variables[index]!.params, pulled.slice(below.length))
    arrived.delete(lane)
  }

  function pullInput(index: number, stage: Waiting, lane: Lane, cotangent: Cotangent): void {
    if (lane.start < index) passOn(index, lane, stage.pullback.pull(cotangent, stage.input))
    stage.merged = plus(stage.merged, times(cotangent, share(index, lane)))
    stage.arrived.delete(lane)
  }

  function pullWeights(index: number, { pullback, weights, merged }: Waiting): void {
    if (merged !== undefined && merged.some(tensor => tensor !== undefined)) {
      const pulled = pullback.pull(merged, weights, { last: true, consume: true })
      gradients[index] = gradientTree(stages[index]!, variables[index]!.params, pulled)
    } else pullback.dispose()
  }

  return {
    hold: (index, stage) => live.set(index, { ...stage, arrived: new Map(), merged: undefined }),
    send(unit, cotangent) {
      const lane = lanes.find(({ units }) => units.includes(unit))
      if (lane !== undefined) arrive(unit.end - 1, lane, cotangent)
    },
    descend,
    gradients,
    dispose: () => live.forEach(({ pullback }) => pullback.dispose())
  }
}

/** The sum of two cotangents. Takes both. */
function plus(a: Cotangent | undefined, b: Cotangent): Cotangent {
  if (a === undefined) return b
  return b.map((right, i) => {
    const left = a[i]
    if (left === undefined || right === undefined) return left ?? right
    const sum = tf.add(left, right)
    left.dispose()
    right.dispose()
    return sum
  })
}

/** A cotangent with a weight; nothing at all for a weight of 0. Takes the cotangent. */
function times(cotangent: Cotangent, weight: number): Cotangent {
  if (weight === 1) return cotangent
  const scaled = cotangent.map(tensor => (tensor === undefined || weight === 0 ? undefined : tf.mul(tensor, weight)))
  disposeCotangent(cotangent)
  return scaled
}

function disposeCotangent(cotangent: Cotangent): void {
  cotangent.forEach(tensor => tensor?.dispose())
}
