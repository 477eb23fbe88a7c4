import type { Owned, State, Trainer } from '@lapstrake/core'

/** A loss became NaN or infinite. Holds the last state whose losses were finite, for the catcher to keep or dispose. */
export class TrainingStopped extends Error {
  constructor(
    message: string,
    readonly trainer: Trainer,
    readonly state: Owned<State>
  ) {
    super(message)
    this.name = 'TrainingStopped'
  }
}
