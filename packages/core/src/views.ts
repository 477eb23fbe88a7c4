import * as tf from '@tensorflow/tfjs-core'
import type { Views } from './contracts.ts'

/** Views of one shape, laid end to end so that they travel as one batch. */
export interface FoldedViews {
  /** One tensor for each shape, in order of first appearance; the caller's own. */
  readonly folded: readonly tf.Tensor[]
  /** Cuts tensors with the rows of `folded` back into one for each view, in the order of the views. */
  readonly unfold: (folded: readonly tf.Tensor[]) => Views
}

/** Lays views of one shape end to end. Statistics of a batch are thereby taken over all views of a size. */
export function foldViews(views: readonly tf.Tensor[]): FoldedViews {
  const groups = new Map<string, number[]>()
  views.forEach((view, i) => {
    const shape = view.shape.join()
    groups.set(shape, [...(groups.get(shape) ?? []), i])
  })
  const members = [...groups.values()]
  return {
    folded: members.map(group =>
      group.length === 1
        ? tf.clone(views[group[0]!]!)
        : tf.concat(
            group.map(i => views[i]!),
            0
          )
    ),
    unfold: folded => {
      const unfolded: tf.Tensor[] = []
      members.forEach((group, g) => {
        const parts = group.length === 1 ? [folded[g]!] : tf.split(folded[g]!, group.length, 0)
        group.forEach((view, i) => {
          unfolded[view] = parts[i]!
        })
      })
      return unfolded as unknown as Views
    }
  }
}
