import { checkOptions, type Isolation } from '@lapstrake/core'

export interface MyIsolationOptions {
  /** How many stages the lowest unit holds. */
  readonly bottom?: number | undefined
}

/**
 * The lowest stages as one unit, and every stage above them alone. This is where your isolation begins: a function from
 * the number of stages to the spans that learn together; no gradient passes below the start of a span.
 *
 * @throws RangeError if `bottom` is not a whole number above 0; when it is used, for fewer stages than that
 */
export function myIsolation(options: MyIsolationOptions = {}): Isolation {
  checkOptions('myIsolation', options, { bottom: 'number' })
  const { bottom = 2 } = options
  if (!Number.isInteger(bottom) || bottom < 1)
    throw new RangeError(`myIsolation: expected a bottom of 1 or more stages, got ${bottom}. Try 2.`)
  return depth => {
    if (depth < bottom)
      throw new RangeError(
        `myIsolation: expected ${bottom} stages or more, got ${depth}. Use a bottom of at most ${depth}, or add stages.`
      )
    const above = Array.from({ length: depth - bottom }, (_, i) => ({ start: bottom + i, end: bottom + i + 1 }))
    return [{ start: 0, end: bottom }, ...above]
  }
}
