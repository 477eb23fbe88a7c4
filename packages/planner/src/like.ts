import { mapTree, type Batch, type Context, type OfExamples, type Shape } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import type { DryRun } from './dry-run.ts'

/** What a planned batch is made of. */
export interface Wanted {
  /** Of one example. */
  readonly inputShape: Shape
  readonly batch: number
  readonly views: number
  /** A batch of the data. */
  readonly like: Batch | undefined
}

/** A batch without numbers: views of images, or what a batch of the data holds, with as many rows as are wanted. */
export function dryBatch({ inputShape, batch, views, like }: Wanted, run: DryRun): Batch {
  const rows = <T extends tf.Tensor>(tensor: T): T => rowsLike(tensor, batch, run)
  const whole = (): tf.Tensor1D => run.tensor([batch], 'int32')
  if (like === undefined) {
    const view = (): tf.Tensor => run.tensor([batch, ...inputShape])
    return { views: [view(), ...Array.from({ length: views - 1 }, view)], labels: whole(), indices: whole() }
  }
  const { views: shown, context, labels, examples, similarity } = like
  return {
    views: [rows(shown[0]), ...shown.slice(1).map(rows)],
    context: context?.map(constants => mapTree(constants, rows)),
    labels: labels && rows(labels),
    examples: examples && ofExamples(examples, batch, run),
    similarity: similarity && run.tensor([batch, batch]),
    indices: whole()
  }
}

/** An input without numbers, and the constants beside it. */
export function dryInput(
  shape: Shape,
  { batch, views, like }: Pick<Wanted, 'batch' | 'views' | 'like'>,
  run: DryRun,
  isFirst: boolean
): { readonly input: tf.Tensor; readonly context: Context | undefined } {
  const count = batch * views
  return {
    input: run.tensor([count, ...shape], isFirst ? like?.views[0].dtype : 'float32'),
    context: like?.context?.[0] && mapTree(like.context[0], constant => rowsLike(constant, count, run))
  }
}

const rowsLike = <T extends tf.Tensor>({ shape, dtype }: T, rows: number, run: DryRun): T =>
  run.tensor([rows, ...shape.slice(1)], dtype) as unknown as T

/** Where examples differ in shape, all are like the first. */
const ofExamples = (examples: OfExamples, count: number, run: DryRun): OfExamples =>
  Object.fromEntries(
    Object.entries(examples).map(([name, values]) => [
      name,
      values instanceof tf.Tensor
        ? rowsLike(values, count, run)
        : Array.from({ length: count }, () => run.tensor(values[0]!.shape, values[0]!.dtype))
    ])
  )
