/** An example that cannot be read. */
export interface Unreadable {
  /** Its index in the data set that was read. */
  readonly place: number
  /** What a person calls it: its file, or its shard and where in it. */
  readonly example: string
  /** What is wrong with it, in words that go on from "but", such as `it is not there`. */
  readonly reason: string
}

export interface UnreadableOptions {
  /** Who reads, for the message. */
  readonly who?: string | undefined
  /** What they should be; `an image` when left out. */
  readonly what?: string | undefined
  /** What was thrown for the first of them. */
  readonly cause?: unknown
}

/**
 * Examples that a data set was asked for and cannot read, each for a reason of its own: its file is gone, is none or
 * cannot be decoded. All of a call are in `unreadable`, in the order asked for; `place`, `example` and `reason` are
 * of the first. The others can be read.
 *
 * Throw it from a `read` of your own, and `loader` puts others in their place.
 */
export class UnreadableExample extends Error implements Unreadable {
  override readonly name = 'UnreadableExample'
  readonly unreadable: readonly Unreadable[]
  readonly place: number
  readonly example: string
  readonly reason: string
  readonly who: string
  readonly what: string

  constructor(
    unreadable: readonly [Unreadable, ...Unreadable[]],
    { who = 'read', what = 'an image', cause }: UnreadableOptions = {}
  ) {
    const [{ place, example, reason }, ...others] = unreadable
    const more = others.length === 0 ? '' : ` Nor can ${others.length} more of those asked for be read.`
    super(`${who}: expected ${example} to be ${what}, but ${reason}. Put a good copy in its place.${more}`, { cause })
    this.unreadable = unreadable
    this.place = place
    this.example = example
    this.reason = reason
    this.who = who
    this.what = what
  }

  /** The same of examples that have other places in another data set. */
  at(placesOf: (place: number) => readonly number[]): UnreadableExample {
    const moved = this.unreadable.flatMap(one => placesOf(one.place).map(place => ({ ...one, place })))
    const [first, ...others] = moved
    const { who, what, cause } = this
    return first === undefined ? this : new UnreadableExample([first, ...others], { who, what, cause })
  }
}
