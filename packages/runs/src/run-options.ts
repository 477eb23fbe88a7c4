import type { Dataset } from '@lapstrake/data'

export interface RunOptions {
  /** Examples to learn from, in place of those that the experiment's own data open. */
  readonly dataset?: Dataset | undefined
  /**
   * Decides first weights, the order of the examples and every augmentation; that of the run that goes on, or 0, when
   * left out.
   */
  readonly seed?: number | undefined
  /** A saved run to go on with, of the same experiment, seed and data: its next losses are those it would have had. */
  readonly resume?: Uint8Array | undefined
  /** Goes on with a run although the experiment, seed or data are not those it was begun with, and warns of it. */
  readonly force?: boolean | undefined
  /** Diagnoses units and stages each so many steps, and at the last; 0 for never. */
  readonly diagnoseEvery?: number | undefined
  /**
   * Ends the run behind the step under way. While the experiment's own data are opened it ends that, and the run is
   * rejected with its reason: there is nothing yet to save.
   */
  readonly signal?: AbortSignal | undefined
}
