import * as tf from '@tensorflow/tfjs-core'
import type {
  Batch,
  Buffers,
  LossVariables,
  Memory,
  Merge,
  Mode,
  Params,
  Stage,
  Unit,
  Variables,
  Views
} from './contracts.ts'
import { applyLoss } from './apply-loss.ts'
import { DeviceLost, OutOfRoom } from './errors.ts'
import { applyToFlow, type Flow } from './flow.ts'
import { own } from './memory.ts'
import { modeFor } from './mode-for.ts'
import { leaves, namedLeaves, withLeaves } from './tree.ts'
import { foldViews, mapViews } from './views.ts'
import { vjp, type Vjp } from './vjp.ts'

/** A unit with all it knows at this moment. */
export interface Learner {
  readonly unit: Unit
  readonly head: Variables
  /** What the loss learns and remembers; empty trees for a pure one. */
  readonly loss: LossVariables
  /** What other networks made of the batch, for this unit: embeddings of a target network, features of a teacher. */
  readonly shown?: Pick<Batch, 'targets' | 'teacher'> | undefined
}

export interface Walk {
  readonly stages: readonly Stage[]
  readonly variables: readonly Variables[]
  readonly learners: readonly Learner[]
  readonly merge: Merge
  readonly batch: Batch
  readonly mode: Mode
  /** Keeps the embeddings of every unit for the caller. */
  readonly observe?: boolean | undefined
}

/** What a learner leaves behind. */
export interface Lesson {
  readonly loss: tf.Scalar
  readonly headGradients: Params
  readonly headBuffers: Buffers
  readonly lossGradients: Params
  readonly memory: Memory
  /** What the head made of each view, when observed. */
  readonly embeddings?: Views<tf.Tensor2D> | undefined
}

export interface Walked {
  /** One for each learner, in its order. */
  readonly lessons: readonly Lesson[]
  /** The gradient of each stage's parameters; absent where no unit teaches. */
  readonly gradients: readonly (Params | undefined)[]
  /** Each stage's buffers after its forward pass; absent above the uppermost learner. */
  readonly buffers: readonly (Buffers | undefined)[]
}

/** Cotangents of what flows between two stages, one tensor for each size of view. */
type Cotangent = readonly (tf.Tensor | undefined)[]

/** Units whose gradients travel downwards as one. */
interface Lane {
  readonly units: readonly Unit[]
  readonly start: number
  /** Where the last of its units ends: from there on nothing more joins the lane. */
  readonly end: number
}

/** A stage between its forward pass and the last unit that holds it. */
interface LiveStage {
  readonly pullback: Vjp<Buffers>
  readonly input: readonly tf.Tensor[]
  readonly weights: readonly tf.Tensor[]
  readonly end: number
  /** What has arrived at its output, by lane. */
  readonly arrived: Map<Lane, Cotangent>
  /** The merged cotangent, for the stage's own parameters. */
  merged: Cotangent | undefined
}

/**
 * Walks up the network once and lets every unit learn as soon as the walk reaches its end.
 *
 * Each stage runs forward once and is kept only until the last unit that holds it is served, so with windows of two
 * stages at most two are alive. A backward pass is linear in the cotangent: a stage's parameters are differentiated
 * once, with what its units' cotangents merge to, and only the gradient of its input is propagated apart for units with
 * different starts.
 */
export function walk({ stages, variables, learners, merge, batch, mode, observe = false }: Walk): Walked {
  const units = learners.map(({ unit }) => unit)
  const top = Math.max(...units.map(({ end }) => end))
  const shares = stages.map((_, stage) => sharesOf(units, stage, merge))
  const lanes = lanesOf(units, shares)
  const live = new Map<number, LiveStage>()
  const lessons = new Map<Learner, Lesson>()
  const gradients: (Params | undefined)[] = stages.map(() => undefined)
  const buffers: (Buffers | undefined)[] = stages.map(() => undefined)

  const { flow: entering, unfold } = foldViews(batch)
  let flow = entering

  /** Runs a stage on the flow; keeps what its backward pass needs if any unit holds it. */
  function ascend(index: number): void {
    const stage = stages[index]!
    const held = [...shares[index]!.keys()]
    const weights = held.length > 0 ? leaves(variables[index]!.params) : []
    const input = held.some(({ start }) => start < index) ? flow.tensors : []
    const run = (): { outputs: readonly tf.Tensor[]; aux: Buffers } =>
      applyToFlow(stage, variables[index]!, flow, modeFor(mode, 'stage', index))
    if (held.length > 0) {
      const pullback = vjp(run, [...input, ...weights])
      live.set(index, {
        pullback,
        input,
        weights,
        end: Math.max(...held.map(({ end }) => end)),
        arrived: new Map(),
        merged: undefined
      })
      buffers[index] = pullback.aux
      replaceFlow(pullback.outputs)
    } else {
      const { outputs, aux } = own(run)
      buffers[index] = aux
      replaceFlow(outputs)
    }
  }

  function replaceFlow(next: readonly tf.Tensor[]): void {
    // The live stage below still needs its input's identity, not its data: the tape kept what it must.
    flow.tensors.forEach(tensor => tensor.dispose())
    flow = { ...flow, tensors: next }
  }

  /** Lets a unit learn from the flow that reaches its end, and sends its cotangent on its way. */
  function teach(learner: Learner): void {
    const { unit } = learner
    const { lesson, cotangent } = learn(learner, flow, unfold, batch, mode, observe)
    lessons.set(learner, lesson)
    const lane = lanes.find(({ units }) => units.includes(unit))
    if (lane !== undefined) arrive(unit.end - 1, lane, cotangent)
  }

  function arrive(index: number, lane: Lane, cotangent: Cotangent): void {
    const { arrived } = live.get(index)!
    arrived.set(lane, plus(arrived.get(lane), cotangent))
  }

  /** Brings everything that is complete as far down as it goes. */
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
    { pullback, input, weights, arrived }: LiveStage,
    [lane, cotangent]: [Lane, Cotangent]
  ): void {
    const below = lane.start < index ? input : []
    const pulled = pullback.pull(cotangent, [...below, ...weights], { last: true, consume: true })
    if (below.length > 0) arrive(index - 1, lane, pulled.slice(0, below.length))
    gradients[index] = gradientTree(stages[index]!, variables[index]!.params, pulled.slice(below.length))
    arrived.delete(lane)
  }

  function pullInput(index: number, stage: LiveStage, lane: Lane, cotangent: Cotangent): void {
    if (lane.start < index) arrive(index - 1, lane, stage.pullback.pull(cotangent, stage.input))
    stage.merged = plus(stage.merged, times(cotangent, share(index, lane)))
    stage.arrived.delete(lane)
  }

  function pullWeights(index: number, { pullback, weights, merged }: LiveStage): void {
    if (merged !== undefined && merged.some(tensor => tensor !== undefined)) {
      const pulled = pullback.pull(merged, weights, { last: true, consume: true })
      gradients[index] = gradientTree(stages[index]!, variables[index]!.params, pulled)
    } else pullback.dispose()
  }

  try {
    for (let level = 0; level <= top; level++) {
      learners.filter(({ unit }) => unit.end === level).forEach(teach)
      descend(level)
      if (level < top) ascend(level)
    }
    flow.tensors.forEach(tensor => tensor.dispose())
  } finally {
    live.forEach(({ pullback }) => pullback.dispose())
  }
  return { lessons: learners.map(learner => lessons.get(learner)!), gradients, buffers }
}

/** The units that hold a stage, each with the weight of what it teaches there. */
function sharesOf(units: readonly Unit[], stage: number, merge: Merge): Map<Unit, number> {
  const holders = units
    .filter(({ start, end }) => start <= stage && stage < end)
    .sort((a, b) => a.end - b.end || a.start - b.start)
  const weights = holders.length === 0 ? [] : merge(holders)
  if (weights.length !== holders.length) {
    throw new Error(
      `merge: expected ${holders.length} weights, one for each unit, got ${weights.length}. Return units.map(…).`
    )
  }
  return new Map(holders.map((unit, i) => [unit, weights[i]!]))
}

/** Units with one start travel as one, unless a merge tells them apart. */
function lanesOf(units: readonly Unit[], shares: readonly Map<Unit, number>[]): readonly Lane[] {
  const alike = shares.every(share => new Set(share.values()).size <= 1)
  const learning = units.filter(({ start, end }) => start < end)
  const groups = alike
    ? [...new Set(learning.map(({ start }) => start))].map(start => learning.filter(unit => unit.start === start))
    : learning.map(unit => [unit])
  return groups.map(units => ({ units, start: units[0]!.start, end: Math.max(...units.map(({ end }) => end)) }))
}

/** Runs a unit's head and loss and differentiates them: the head's gradients, and the cotangent of what flowed in. */
function learn(
  { unit, head, loss: variables, shown }: Learner,
  flow: Flow,
  unfold: (folded: readonly tf.Tensor[]) => Views,
  batch: Batch,
  mode: Mode,
  observe: boolean
): { lesson: Lesson; cotangent: Cotangent } {
  const headWeights = leaves(head.params)
  const lossWeights = leaves(variables.params)
  // A probe sees the flow as a constant, so it cannot teach the backbone.
  const input = unit.start < unit.end ? flow.tensors : []
  const {
    outputs: [loss],
    aux,
    pull,
    dispose
  } = naming(unit, () =>
    vjp(() => {
      const { outputs, aux: headBuffers } = applyToFlow(unit.head, head, flow, modeFor(mode, 'head', unit.name))
      const embeddings = unfold(outputs) as Views<tf.Tensor2D>
      const { loss, memory } = applyLoss(unit.loss, embeddings, { ...batch, ...shown }, variables)
      if (loss.rank !== 0)
        throw new Error(`expected the loss to be one scalar, got shape [${loss.shape}]. Take its mean.`)
      // Clones, so that what the caller frees is never what the tape or another unit holds.
      const observed = observe ? mapViews(embeddings, rows => tf.clone(rows)) : undefined
      return { outputs: [loss], aux: { headBuffers, memory, embeddings: observed } }
    }, [...input, ...headWeights, ...lossWeights])
  )
  try {
    const pulled = own(() => pull([tf.scalar(1)], [...input, ...headWeights, ...lossWeights], { last: true }))
    const cotangent = pulled.slice(0, input.length)
    if (input.length > 0 && cotangent.every(tensor => tensor === undefined)) {
      throw new Error(
        `unit "${unit.name}": expected a loss that depends on the embeddings, got one that does not. ` +
          'Nothing could be learned from it.'
      )
    }
    const headGradients = gradientTree(
      unit.head,
      head.params,
      pulled.slice(input.length, input.length + headWeights.length)
    )
    const lossGradients = gradientTree(
      { name: `${unit.name}'s loss` },
      variables.params,
      pulled.slice(input.length + headWeights.length)
    )
    return { lesson: { loss: loss as tf.Scalar, headGradients, lossGradients, ...aux }, cotangent }
  } finally {
    dispose()
  }
}

/** Says which unit an error comes from. */
function naming<T>(unit: Unit, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof OutOfRoom || error instanceof DeviceLost) throw error
    throw new Error(`unit "${unit.name}": ${(error as Error).message}`, { cause: error })
  }
}

/** Gives pulled gradients the form of the parameters. Those that only a penalty teaches are taught nothing here. */
function gradientTree(
  { name, penalty }: Pick<Stage, 'name' | 'penalty'>,
  params: Params,
  pulled: readonly (tf.Tensor | undefined)[]
): Params {
  const named = namedLeaves(params)
  return withLeaves(
    params,
    pulled.map((gradient, i) => {
      if (gradient !== undefined) return gradient
      if (penalty !== undefined) return tf.zerosLike(named[i]!.value)
      throw new Error(
        `stage "${name}": expected every parameter to matter for the output, but ${named[i]!.name} does not. ` +
          'Leave it out of params, or keep it in buffers.'
      )
    })
  )
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
