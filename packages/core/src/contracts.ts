import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Owned } from './memory.ts'
import type { Random } from './random.ts'
import type { Shape } from './shape.ts'
import type { Tree } from './tree.ts'

/** What is differentiated, saved and moved by an optimizer. */
export type Params = Tree<Tensor>

/** What is remembered but never differentiated: running statistics, queues, banks, momentum copies. */
export type Buffers = Tree<Tensor>

/** What a loss remembers from step to step: tensors, and host numbers such as a place in a queue. */
export type Memory = Tree<Tensor | number>

/** Everything a stage knows: what it learns and what it remembers. */
export interface Variables<P extends Params = Params, B extends Buffers = Buffers> {
  readonly params: P
  readonly buffers: B
}

/**
 * What travels beside what flows: constants, such as the padding mask of a text. The first axis of each tensor is the
 * batch, and no gradient enters any.
 */
export type Context = Tree<Tensor>

/**
 * How a stage runs: whether the network is learning, with the randomness of this step for stages that want some
 * (dropout, noise); and the constants beside its input, row for row, where the batch has any.
 */
export type Mode = { readonly context?: Context | undefined } & (
  | { readonly training: true; readonly random: Random }
  | { readonly training: false }
)

/**
 * One step of a network: a record of pure functions. Heads are stages too.
 *
 * `apply` is arithmetic on borrowed tensors and never mentions memory. A stage without buffers is written with
 * `stateless`.
 */
export interface Stage<P extends Params = Params, B extends Buffers = Buffers> {
  readonly name: string
  /** First variables for inputs of `inputShape`, and the shape that comes out; both without the batch axis. */
  init(random: Random, inputShape: Shape): { readonly params: P; readonly buffers: B; readonly outputShape: Shape }
  /** Takes `[batch, ...inputShape]`, gives `[batch, ...outputShape]` and the buffers as they are afterwards. */
  apply(variables: Variables<P, B>, input: Tensor, mode: Mode): { readonly output: Tensor; readonly buffers: B }
  /**
   * What the stage's parameters cost by themselves, whatever flows through: a scalar, added once a step to what they
   * are taught.
   */
  penalty?(variables: Variables<P, B>): Scalar
}

/** What runs: stages from the input to the top. */
export interface Backbone {
  readonly name: string
  readonly stages: readonly Stage[]
  /** What PyTorch calls the variables of its stages, in PyTorch's layout, for a network that is well known there. */
  stateDict?(stages: readonly Variables[]): Owned<Readonly<Record<string, Tensor>>>
}

/** One or more looks at the same examples; row `i` of each shows example `i`. */
export type Views<T extends Tensor = Tensor> = readonly [first: T, ...more: T[]]

/**
 * What examples have, by name: a tensor `[batch, ...]`; or, where examples differ in shape, such as the boxes `[n, 4]`
 * of images with `n` objects each, a list with one tensor for each example.
 */
export type OfExamples = Readonly<Record<string, Tensor | readonly Tensor[]>>

/** What a step learns from. A loss takes what it needs by destructuring and ignores the rest. */
export interface Batch {
  /** Each `[batch, height, width, channels]`, or whatever the first stage takes. Sizes may differ between views. */
  readonly views: Views
  /**
   * Constants beside each view, one tree for each, which stages find in `mode.context`. Views of one size travel
   * together when theirs have one form.
   */
  readonly context?: readonly Context[] | undefined
  /** What is known of each example: its class, `[batch]`, int32, -1 where that is unknown; or more, `[batch, ...]`. */
  readonly labels?: Tensor | undefined
  /** Whatever else the examples of the data set have, by name, such as boxes. */
  readonly examples?: OfExamples | undefined
  /** The place of each example in its data set, `[batch]`, int32. */
  readonly indices?: Tensor1D | undefined
  /**
   * How alike examples are, `[batch, batch]`, from 0 to 1; row `i` says which examples are positives of example `i`.
   */
  readonly similarity?: Tensor2D | undefined
  /**
   * A target network's embeddings of the views, each `[batch, dim]`: constants to the loss. Set by the trainer, unit by
   * unit.
   */
  readonly targets?: Views<Tensor2D> | undefined
  /**
   * What a frozen teacher makes of the views, each `[batch, ...]`: constants to the loss. Set by the trainer, unit by
   * unit.
   */
  readonly teacher?: Views | undefined
  /** The same of each of several teachers, by its name; `ofTeacher` hands one of them to a loss. */
  readonly teachers?: Readonly<Record<string, Views>> | undefined
}

/**
 * A local loss: a pure function from embeddings, what a unit's head makes of each view, to one scalar.
 * Most want rows `[batch, dim]`; some compare maps `[batch, height, width, channels]` and say so.
 */
export type Loss = (embeddings: Views<Tensor2D>, batch: Batch) => Scalar

/** What a loss may build itself for: shapes without the batch axis. */
export interface LossShapes {
  readonly embedding: Shape
  /** Of what the teacher shows, when the recipe has one. */
  readonly teacher?: Shape | undefined
  /** Of what each of several teachers shows, by its name. */
  readonly teachers?: Readonly<Record<string, Shape>> | undefined
  /** How many examples the data set has, when that is known: the indices of a batch are below it. */
  readonly examples?: number | undefined
  /** The class of every example of the data set, -1 where it is unknown; left out where nobody knows of any. */
  readonly labels?: ArrayLike<number> | undefined
}

/** What a loss with variables learns and remembers. */
export interface LossVariables<P extends Params = Params, M extends Memory = Memory> {
  readonly params: P
  readonly memory: M
}

/**
 * A loss with variables: parameters that learn with the unit's head (the projection of a teacher), and a memory that
 * goes in and comes out (queue, bank, normaliser). Both are saved with the run.
 */
export interface StatefulLoss<P extends Params = Params, M extends Memory = Memory> {
  init(random: Random, shapes: LossShapes): LossVariables<P, M>
  apply(
    embeddings: Views<Tensor2D>,
    batch: Batch,
    variables: LossVariables<P, M>
  ): { readonly loss: Scalar; readonly memory: M }
}

/** Either kind of loss. */
export type LocalLoss = Loss | StatefulLoss

/**
 * Stages `start` up to, not including, `end`, counted from 0. No gradient passes below `start`; an empty span is a
 * probe.
 */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Where gradients stop: which stages learn together, for a network of `depth` stages. */
export type Isolation = (depth: number) => readonly Span[]

/** A span of stages that learns from one loss, read through a head on top of the span. */
export interface Unit extends Span {
  readonly name: string
  readonly head: Stage
  readonly loss: LocalLoss
}

/**
 * When each unit learns: rounds of units. Units of one round share their forward pass; the next round sees the updates.
 */
export type Schedule = (units: readonly Unit[], step: number) => readonly (readonly Unit[])[]

/**
 * How a stage inside several units weighs what they teach: the units that hold it, lowest first, to one weight for
 * each. The weights apply to the gradient of the stage's own parameters, not to what passes through it to the stages
 * below.
 */
export type Merge = (units: readonly Unit[]) => readonly number[]

/** What an optimizer remembers about one owner: tensors, and host numbers such as a count of updates. */
export type OptimizerState = Tree<Tensor | number>

/**
 * How parameters move. Each owner (a stage or a head) has a state of its own, and is updated only when it was taught.
 */
export interface Optimizer<S extends OptimizerState = OptimizerState> {
  init(params: Params): S
  /** `gradients` has the form of `params`. Returns new trees and leaves its arguments as they were. */
  update(gradients: Params, state: S, params: Params): { readonly params: Params; readonly state: S }
}

/**
 * A second network that follows the first as a moving average and whose embeddings a loss finds in `batch.targets`
 * (momentum encoder, He et al. 2020, https://arxiv.org/abs/1911.05722, eq. 2).
 */
export interface TargetNetwork {
  /** How much of the target stays at this step, from 0 (a copy) to 1 (frozen). */
  momentum(step: number): number
}

/**
 * A frozen network whose features a student's units find in `batch.teacher`. It runs at inference, once a step, with
 * weights handed to the trainer.
 */
export interface Teacher {
  readonly backbone: Backbone
  /** What it was read through, such as a classifier; units may learn from its logits. */
  readonly head?: Stage | undefined
  /**
   * What a unit sees: the output of the teacher's first stages, so many of them, or of its head. Left out, every unit
   * sees the head's output if there is a head, and else that of the uppermost stage.
   */
  reads?(unit: Unit): number | 'head'
  /** What it looks at, where that is not what the student sees. */
  readonly sees?: Sight | undefined
}

/**
 * What a teacher looks at in place of the student's views: the other half of paired data, such as depth beside color.
 */
export interface Sight {
  /** Of one view, without the batch axis. */
  readonly shape: Shape
  /** Row `i` of each shows example `i`. Losses that compare view by view want as many as the student sees. */
  views(batch: Batch): Views
}

/** One of a kind, or several by their names. */
export type OneOrNamed<T> = T | Readonly<Record<string, T>>

/** An experiment: what runs, where gradients stop, what each unit learns, when, and how parameters move. */
export interface Recipe {
  readonly backbone: Backbone
  readonly isolation: Isolation
  /** The head on top of a span, for stage outputs of `shape` without the batch axis. */
  readonly head: (span: Span, shape: Shape) => Stage
  /**
   * The loss of a span, the `index`-th of the isolation. Returning one and the same loss is fine: its variables belong
   * to the unit.
   */
  readonly loss: (span: Span, index: number) => LocalLoss
  readonly optimizer: Optimizer
  /** All units in one round when left out. */
  readonly schedule?: Schedule | undefined
  /** The sum when left out. */
  readonly merge?: Merge | undefined
  /** Units beside those of the isolation: probes, extra losses. */
  readonly auxiliary?: readonly Unit[] | undefined
  readonly target?: TargetNetwork | undefined
  /** One, or several by name: `{ wide: { backbone, … }, deep: { backbone, … } }`. */
  readonly teacher?: OneOrNamed<Teacher> | undefined
}
