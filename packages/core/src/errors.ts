// Errors that somebody answers, apart from the rest of core so that a backend may throw them and load nothing else.

/** More memory was asked for than the backend has. `train()` answers by learning from a batch in parts. */
export class OutOfRoom extends RangeError {
  override readonly name = 'OutOfRoom'
}

/** The device that computed is gone, and what it held with it. A run goes on from where it was kept last. */
export class DeviceLost extends Error {
  override readonly name = 'DeviceLost'
}

/** A loss wants the classes of its examples, and the batch has none. */
export class MissingLabels extends Error {
  override readonly name = 'MissingLabels'
}
