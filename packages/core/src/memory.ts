import * as tf from '@tensorflow/tfjs-core'
import { leaves, mapTree, type Tree } from './tree.ts'

declare const owned: unique symbol

/** Whoever holds an `Owned<T>` disposes it or hands it on. A plain `T` is only borrowed. */
export type Owned<T> = T & { readonly [owned]: true }

/**
 * Runs `make`, frees every tensor made on the way and returns the result as the caller's own.
 *
 * The result may be a tensor or any tree holding tensors. When `make` throws, nothing is left behind.
 */
export const own = <T>(make: () => T): Owned<T> => tf.tidy(make as () => tf.TensorContainer) as unknown as Owned<T>

/** Frees every tensor of a tree that the caller owns. Other leaves are left alone, and so are tensors already freed. */
export function dispose(tree: Owned<unknown>): void {
  for (const leaf of leaves(tree as Tree<unknown>)) if (leaf instanceof tf.Tensor) leaf.dispose()
}

/** The tensors of a tree, whatever else it holds. */
export const tensorsOf = (tree: unknown): tf.Tensor[] =>
  leaves(tree as Tree<unknown>).filter(leaf => leaf instanceof tf.Tensor)

/** The same tree with tensors of its own that share the data. Other leaves are handed on. */
export const copyOf = <T>(tree: T): T =>
  mapTree(tree as Tree<unknown>, leaf => (leaf instanceof tf.Tensor ? tf.clone(leaf) : leaf)) as T

/** The same tree, with tensors of its own in place of those that belong to `others`. */
export function apart<T>(tree: T, others: unknown): T {
  const borrowed = new Set(tensorsOf(others).map(({ id }) => id))
  return mapTree(tree as Tree<unknown>, leaf =>
    leaf instanceof tf.Tensor && borrowed.has(leaf.id) ? tf.clone(leaf) : leaf
  ) as T
}
