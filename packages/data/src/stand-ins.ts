/** What stands in a batch for an example that cannot be read. */
export interface Replaced {
  /** The example that cannot be read, by its index in the data set. */
  readonly place: number
  /** The one in its place. */
  readonly by: number
}

/** What a batch shows. */
export interface Chosen {
  readonly places: Uint32Array
  readonly replaced: readonly Replaced[]
}

/** Where a batch lies in the order of its epoch. */
export interface Stretch {
  readonly order: Uint32Array
  readonly start: number
  readonly size: number
  /** Examples in a row of the order that belong together. */
  readonly tuple: number
}

/**
 * A batch is its stretch of the epoch's order; a tuple with an example that cannot be read is replaced by the next
 * whole one behind the stretch, from the end of the order on from its beginning. So a stand-in is not in the batch
 * already, unless the order itself repeats or the batch is most of it.
 *
 * Gives nothing where no tuple can be read.
 */
export function withStandIns(stretch: Stretch, isUnreadable: (place: number) => boolean): Chosen | undefined {
  const { order, start, size, tuple } = stretch
  const places = order.slice(start, start + size)
  const replaced: Replaced[] = []
  const tuples = Math.floor(order.length / tuple)
  let next = start + size
  for (let i = 0; i < size; i += tuple) {
    const lost = places.slice(i, i + tuple)
    if (!lost.some(isUnreadable)) continue
    let tried = 0
    let standIn: Uint32Array
    do {
      if (tried++ === tuples) return undefined
      const at = next % (tuples * tuple)
      standIn = order.subarray(at, at + tuple)
      next += tuple
    } while (standIn.some(isUnreadable))
    places.set(standIn, i)
    lost.forEach((place, j) => {
      if (isUnreadable(place)) replaced.push({ place, by: standIn[j]! })
    })
  }
  return { places, replaced }
}
