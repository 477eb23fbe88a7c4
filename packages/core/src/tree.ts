/** A value, or arrays and plain objects of values, nested to any depth. What is `undefined` is absent: no leaf. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> }

/** A leaf and the way to it, as in `convolution.kernel` or `blocks.0.bias`. */
export interface NamedLeaf<T> {
  readonly name: string
  readonly value: T
}

/** A branch is an array or a plain object; tensors are instances of a class, and so are leaves. */
const isBranch = (tree: unknown): tree is readonly unknown[] | Record<string, unknown> =>
  Array.isArray(tree) || (typeof tree === 'object' && tree !== null && Object.getPrototypeOf(tree) === Object.prototype)

/** The leaves of a tree with their dotted names, in a fixed order: arrays by position, objects by insertion. */
export function namedLeaves<T>(tree: Tree<T>, prefix = ''): NamedLeaf<T>[] {
  if (tree === undefined) return []
  if (!isBranch(tree)) return [{ name: prefix, value: tree as T }]
  return Object.entries(tree).flatMap(([key, child]) =>
    namedLeaves(child as Tree<T>, prefix === '' ? key : `${prefix}.${key}`)
  )
}

/** The leaves of a tree, in the order of {@link namedLeaves}. */
export const leaves = <T>(tree: Tree<T>): T[] => namedLeaves(tree).map(({ value }) => value)

/** A tree of the same form, each leaf replaced by what `change` makes of it and of its dotted name. */
export function mapTree<T, U>(tree: Tree<T>, change: (leaf: T, name: string) => U, prefix = ''): Tree<U> {
  if (tree === undefined) return tree as Tree<U>
  if (!isBranch(tree)) return change(tree as T, prefix)
  const name = (key: string): string => (prefix === '' ? key : `${prefix}.${key}`)
  if (Array.isArray(tree)) return tree.map((child, i) => mapTree(child as Tree<T>, change, name(String(i))))
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, mapTree(child as Tree<T>, change, name(key))])
  )
}

/**
 * A tree of the same form, filled with `values` in the order of {@link leaves}.
 *
 * @throws RangeError if there are more or fewer values than leaves.
 */
export function withLeaves<T, U>(tree: Tree<T>, values: readonly U[]): Tree<U> {
  const count = leaves(tree).length
  if (values.length !== count) {
    throw new RangeError(`withLeaves: expected ${count} values, one for each leaf, got ${values.length}.`)
  }
  let next = 0
  return mapTree(tree, () => values[next++]!)
}
