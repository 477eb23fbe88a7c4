import type { Loss, LossOf, Reduction, Shape, StatefulLoss, StatefulLossOf } from '@lapstrake/core'

/** What a loss is tried on, and what it cannot promise. */
export interface LossSuite {
  /** Views of each example. */
  readonly views?: number | undefined
  readonly batch?: number | undefined
  readonly dim?: number | undefined
  /** The shape of an embedding, when it is not a row of `dim` numbers. */
  readonly shape?: Shape | undefined
  /** Labels lie in [0, classes). */
  readonly classes?: number | undefined
  /** The shape of what a teacher shows, for losses that have one. */
  readonly teacher?: Shape | undefined
  /** Gives each view a target network's embedding. */
  readonly targets?: boolean | undefined
  /**
   * The same loss with a `reduction`, where it is a mean over rows:
   * `{ reducing: reduction => ntXent({ reduction }) }`.
   */
  readonly reducing?: ((reduction: Reduction) => ReducedLoss) | undefined
  /** How the loss is made of what its rows cost, where it is not their mean. */
  readonly meanOf?: ((rows: readonly number[]) => number) | undefined
  /** How far the gradient may be from finite differences. ReLUs have corners: allow them some. */
  readonly tolerance?: number | undefined
  /**
   * Promises that this loss cannot keep, each with the reason:
   * `{ 'every view': 'the second view is a constant target' }`.
   */
  readonly except?: Partial<Record<LossPromise, string>> | undefined
}

/** A loss whose rows are reduced in some way. */
export type ReducedLoss = Loss | StatefulLoss | LossOf<Reduction> | StatefulLossOf<Reduction>

/** What every loss promises, unless it says why not. */
export type LossPromise = 'every view' | 'order' | 'finite differences' | 'finite' | 'extremes' | 'tf.grad' | 'refusals'
