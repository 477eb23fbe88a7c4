import * as tf from '@tensorflow/tfjs-core'
import type { Batch, Context, OfExamples, Views } from './contracts.ts'
import { checkTensors } from './check-embeddings.ts'
import type { Flow } from './flow.ts'
import { leaves, mapTree, withLeaves, type Tree } from './tree.ts'

/** The same for every view, in its place. */
export const mapViews = <T extends tf.Tensor, U extends tf.Tensor>(
  [first, ...more]: Views<T>,
  change: (view: T, place: number) => U
): Views<U> => [change(first, 0), ...more.map((view, i) => change(view, i + 1))]

/** Views of one shape, laid end to end so that they travel as one batch. */
export interface FoldedViews {
  /** One tensor for each shape, in order of first appearance; the caller's own. */
  readonly flow: Flow
  /** Cuts tensors with the rows of the flow back into one for each view, in the order of the views. */
  readonly unfold: (folded: readonly tf.Tensor[]) => Views
}

/**
 * Lays views of one shape end to end, and so the constants beside them. Statistics of a batch are thereby taken over
 * all views of a size.
 */
export function foldViews({ views, context = [] }: Pick<Batch, 'views' | 'context'>): FoldedViews {
  const groups = new Map<string, number[]>()
  views.forEach((view, i) => {
    const key = `${view.dtype} ${view.shape.join()} ${formOf(context[i])}`
    groups.set(key, [...(groups.get(key) ?? []), i])
  })
  const members = [...groups.values()]
  return {
    flow: {
      tensors: members.map(group => endToEnd(group.map(i => views[i]!))),
      contexts: members.map(group => foldContexts(group.map(i => context[i])))
    },
    unfold: folded => {
      const parts = members.flatMap((group, g) =>
        group.length === 1 ? [folded[g]!] : tf.split(folded[g]!, group.length, 0)
      )
      const places = members.flat()
      return mapViews(views, (_, view) => parts[places.indexOf(view)]!)
    }
  }
}

/** A batch of some of the examples: at most `rows` of them from `start` on, with all that is known of them. */
export function partOf(batch: Batch, start: number, rows: number): Batch {
  const { views, context, labels, indices, examples, similarity, targets, teacher, teachers } = batch
  const count = Math.min(rows, views[0].shape[0]! - start)
  const cut = <T extends tf.Tensor>(tensor: T): T => tf.slice(tensor, start, count)
  return {
    views: mapViews(views, cut),
    context: context?.map(constants => mapTree(constants, cut)),
    labels: labels && cut(labels),
    indices: indices && cut(indices),
    examples: examples && partOfExamples(examples, start, count),
    similarity: similarity && tf.slice(similarity, [start, start], [count, count]),
    targets: targets && mapViews(targets, cut),
    teacher: teacher && mapViews(teacher, cut),
    teachers: teachers && (mapTree(teachers as Tree<tf.Tensor>, cut) as typeof teachers)
  }
}

const partOfExamples = (examples: OfExamples, start: number, count: number): OfExamples =>
  Object.fromEntries(
    Object.entries(examples).map(([name, values]) => [
      name,
      values instanceof tf.Tensor ? tf.slice(values, start, count) : values.slice(start, start + count)
    ])
  )

const endToEnd = (tensors: readonly tf.Tensor[]): tf.Tensor =>
  tensors.length === 1 ? tf.clone(tensors[0]!) : tf.concat([...tensors], 0)

function foldContexts(contexts: readonly (Context | undefined)[]): Context | undefined {
  const [first] = contexts
  if (first === undefined) return undefined
  const rows = contexts.map(context => leaves(context!))
  return withLeaves(
    first,
    leaves(first).map((_, i) => endToEnd(rows.map(tensors => tensors[i]!)))
  )
}

/** Views travel together when what stages find beside them has the same form. */
const formOf = (context: Context | undefined): string =>
  context === undefined ? '' : JSON.stringify(mapTree(context, ({ shape, dtype }) => `${dtype} ${shape.join()}`))

/**
 * Two views, for a loss that compares one with the other.
 *
 * @throws TypeError unless they are a list of tensors
 * @throws Error if there are fewer or more, in the words of `who`
 */
export function pairOf<T extends tf.Tensor>(who: string, views: Views<T>): readonly [first: T, second: T] {
  checkTensors(who, views)
  const [first, second] = views
  if (second === undefined || views.length > 2) {
    throw new Error(
      `${who}: expected two views, got ${views.length}. ` +
        (second === undefined
          ? 'Augment every image twice.'
          : 'For more views use a loss that takes them, such as ntXent() or vicReg().')
    )
  }
  return [first, second]
}
