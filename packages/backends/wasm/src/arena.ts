/** A stretch of memory, in use or not. Stretches lie side by side and know their neighbours. */
interface Stretch {
  address: number
  size: number
  free: boolean
  before: Stretch | undefined
  after: Stretch | undefined
}

/** Blocks begin here and there, so that whole vectors and cache lines are a tensor's own. */
const alignment = 64

/**
 * Hands out blocks of one memory and takes them back. A block that is returned joins its free neighbours; a request
 * takes the smallest free stretch of its class that is large enough, and the memory grows only when none is.
 */
export class Arena {
  /** Bytes handed out now. */
  used = 0
  /** Most bytes handed out at a time since the start, or since it was set. */
  peak = 0
  readonly #blocks = new Map<number, Stretch>()
  /** Free stretches by size: eight classes for each power of two. */
  readonly #free: Set<Stretch>[] = Array.from({ length: 27 * 8 }, () => new Set())
  readonly #grow: (bytes: number) => number
  #last: Stretch | undefined
  #end: number

  /**
   * @param start the first address it may hand out
   * @param end where the memory ends now
   * @param grow makes the memory longer by so many bytes or more and says where it ends now, or throws
   */
  constructor(start: number, end: number, grow: (bytes: number) => number) {
    this.#grow = grow
    this.#end = Math.ceil(start / alignment) * alignment
    this.#extend(end)
  }

  /** The address of a block of at least so many bytes. */
  allocate(bytes: number): number {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment)
    // There are classes for all that can be addressed; more than that no memory has.
    let stretch = classOf(size) < this.#free.length ? this.#find(size) : undefined
    if (stretch === undefined) {
      const missing = size - (this.#last?.free ? this.#last.size : 0)
      this.#extend(this.#grow(missing))
      stretch = this.#last!
    }
    this.#free[classOf(stretch.size)]!.delete(stretch)
    if (stretch.size > size) {
      const rest: Stretch = {
        address: stretch.address + size,
        size: stretch.size - size,
        free: true,
        before: stretch,
        after: stretch.after
      }
      if (stretch.after) stretch.after.before = rest
      else this.#last = rest
      stretch.after = rest
      stretch.size = size
      this.#free[classOf(rest.size)]!.add(rest)
    }
    stretch.free = false
    this.#blocks.set(stretch.address, stretch)
    this.used += size
    this.peak = Math.max(this.peak, this.used)
    return stretch.address
  }

  /** Takes a block back by its address. */
  release(address: number): void {
    let stretch = this.#blocks.get(address)
    if (stretch === undefined) throw new Error(`backend-wasm: expected the address of a block, got ${address}.`)
    this.#blocks.delete(address)
    this.used -= stretch.size
    stretch.free = true
    if (stretch.after?.free) this.#join(stretch, stretch.after)
    if (stretch.before?.free) {
      const before = stretch.before
      this.#join(before, stretch)
      stretch = before
    }
    this.#free[classOf(stretch.size)]!.add(stretch)
  }

  #find(size: number): Stretch | undefined {
    let smallest: Stretch | undefined
    for (const stretch of this.#free[classOf(size)]!) {
      if (stretch.size === size) return stretch
      if (stretch.size > size && (smallest === undefined || stretch.size < smallest.size)) smallest = stretch
    }
    for (let i = classOf(size) + 1; smallest === undefined && i < this.#free.length; i++) {
      if (this.#free[i]!.size > 0)
        for (const stretch of this.#free[i]!)
          if (smallest === undefined || stretch.size < smallest.size) smallest = stretch
    }
    return smallest
  }

  /** Makes `second`, which follows, part of `first`; neither is in its class afterwards. */
  #join(first: Stretch, second: Stretch): void {
    this.#free[classOf(first.size)]!.delete(first)
    this.#free[classOf(second.size)]!.delete(second)
    first.size += second.size
    first.after = second.after
    if (second.after) second.after.before = first
    else this.#last = first
  }

  #extend(end: number): void {
    const size = Math.floor((end - this.#end) / alignment) * alignment
    if (size <= 0) return
    const added: Stretch = { address: this.#end, size, free: true, before: this.#last, after: undefined }
    this.#end += size
    if (this.#last) this.#last.after = added
    if (this.#last?.free) {
      const last = this.#last
      this.#join(last, added)
      this.#free[classOf(last.size)]!.add(last)
    } else {
      this.#free[classOf(size)]!.add(added)
      this.#last = added
    }
  }
}

function classOf(size: number): number {
  const lines = size / alignment
  const power = 31 - Math.clz32(lines)
  return power * 8 + Math.floor((lines / (1 << power) - 1) * 8)
}
