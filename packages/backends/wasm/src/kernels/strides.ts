/** Axes of a loop over several blocks at a time: their lengths, and each block's strides, from the outermost. */
export interface Axes {
  readonly lengths: readonly number[]
  readonly strides: readonly (readonly number[])[]
}

/** Strides of a block of numbers that lie side by side. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]!
  }
  return strides
}

/**
 * Strides that read a block of `shape` as if it had the longer `wanted`: 0 where its only entry is read again and
 * again.
 */
export function broadcastStrides(shape: readonly number[], wanted: readonly number[]): number[] {
  const ahead = wanted.length - shape.length
  const strides = stridesOf(shape)
  return wanted.map((_, axis) => (axis < ahead || shape[axis - ahead] === 1 ? 0 : strides[axis - ahead]!))
}

/**
 * The same loop with as few axes as can be: none of length one, and neighbours made one where every block allows it.
 */
export function merged({ lengths, strides }: Axes): Axes {
  const kept: { length: number; strides: number[] }[] = []
  for (let axis = 0; axis < lengths.length; axis++) {
    const length = lengths[axis]!
    if (length === 1) continue
    const here = strides.map(block => block[axis]!)
    const outer = kept.at(-1)
    if (outer?.strides.every((stride, block) => stride === here[block]! * length)) {
      outer.length *= length
      outer.strides = here
    } else {
      kept.push({ length, strides: here })
    }
  }
  return {
    lengths: kept.map(({ length }) => length),
    strides: strides.map((_, block) => kept.map(axis => axis.strides[block]!))
  }
}

/** Axes as a kernel takes them: how many, then the length and the strides of each. */
export const axisArguments = ({ lengths, strides }: Axes): number[] => [
  lengths.length,
  ...lengths.flatMap((length, axis) => [length, ...strides.map(block => block[axis]!)])
]
