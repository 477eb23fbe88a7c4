import * as tf from '@tensorflow/tfjs-core'
import type {
  Batch,
  Buffers,
  Loss,
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
import { applyLoss, naming, refuseFlat } from './apply-loss.ts'
import type { Shown } from './begin.ts'
import { descent, type Cotangent } from './descent.ts'
import { applyToFlow, type Flow } from './flow.ts'
import { gradientTree } from './gradient-tree.ts'
import { lanesOf, sharesOf } from './lanes.ts'
import { own } from './memory.ts'
import { modeFor } from './mode-for.ts'
import { leaves } from './tree.ts'
import { foldViews, mapViews } from './views.ts'
import { vjp } from './vjp.ts'

/** A unit with all it knows at this moment. */
export interface Learner {
  readonly unit: Unit
  readonly head: Variables
  /** What the loss learns and remembers; empty trees for a pure one. */
  readonly loss: LossVariables
  /** What other networks made of the batch, for this unit. */
  readonly shown?: Shown | undefined
  /** What teaches in place of the unit's loss. */
  readonly instead?: Loss | undefined
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

/**
 * Walks up the network once and lets every unit learn as soon as the walk reaches its end.
 *
 * Each stage runs forward once and is kept only until the last unit that holds it is served, so with windows of two
 * stages at most two are alive. What units send goes down by the {@link descent}.
 */
export function walk({ stages, variables, learners, merge, batch, mode, observe = false }: Walk): Walked {
  const units = learners.map(({ unit }) => unit)
  const top = Math.max(...units.map(({ end }) => end))
  const shares = stages.map((_, stage) => sharesOf(units, stage, merge))
  const down = descent({ stages, variables, shares, lanes: lanesOf(units, shares) })
  const lessons = new Map<Learner, Lesson>()
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
      down.hold(index, { pullback, input, weights, end: Math.max(...held.map(({ end }) => end)) })
      buffers[index] = pullback.aux
      replaceFlow(pullback.outputs)
    } else {
      const { outputs, aux } = own(() => {
        const { outputs, aux } = run()
        // A stage may hand on the very tensor it was given.
        return { outputs: outputs.map(output => tf.clone(output)), aux }
      })
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
    const { lesson, cotangent } = learn(learner, flow, unfold, batch, mode, observe)
    lessons.set(learner, lesson)
    down.send(learner.unit, cotangent)
  }

  try {
    for (let level = 0; level <= top; level++) {
      learners.filter(({ unit }) => unit.end === level).forEach(teach)
      down.descend(level)
      if (level < top) ascend(level)
    }
    flow.tensors.forEach(tensor => tensor.dispose())
  } finally {
    down.dispose()
  }
  return { lessons: learners.map(learner => lessons.get(learner)!), gradients: down.gradients, buffers }
}

/** Runs a unit's head and loss and differentiates them: the head's gradients, and the cotangent of what flowed in. */
function learn(
  { unit, head, loss: variables, shown, instead }: Learner,
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
  const teaching = { name: unit.name, loss: instead ?? unit.loss }
  const {
    outputs: [loss],
    aux,
    pull,
    dispose
  } = vjp(() => {
    const { outputs, aux: headBuffers } = naming(unit, () =>
      applyToFlow(unit.head, head, flow, modeFor(mode, 'head', unit.name))
    )
    const embeddings = unfold(outputs) as Views<tf.Tensor2D>
    const { loss, memory } = applyLoss(teaching, embeddings, { ...batch, ...shown }, variables)
    // Clones, so that what the caller frees is never what the tape or another unit holds.
    const observed = observe ? mapViews(embeddings, rows => tf.clone(rows)) : undefined
    return { outputs: [loss], aux: { headBuffers, memory, embeddings: observed } }
  }, [...input, ...headWeights, ...lossWeights])
  try {
    const pulled = own(() => pull([tf.scalar(1)], [...input, ...headWeights, ...lossWeights], { last: true }))
    const cotangent = pulled.slice(0, input.length)
    refuseFlat(unit, cotangent)
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
