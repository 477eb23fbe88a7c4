import { leaves, withLeaves, type Params } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'

/**
 * Applies a rule to each parameter with what belongs to it, and gathers its results into trees again, one for each
 * result.
 */
export function leafwise<const R extends readonly tf.Tensor[]>(
  params: Params,
  rule: (param: tf.Tensor, ...belongings: tf.Tensor[]) => R,
  ...belongings: readonly Params[]
): { [K in keyof R]: Params } {
  const columns = belongings.map(tree => leaves(tree))
  const rows = leaves(params).map((param, i) => tf.tidy(() => [...rule(param, ...columns.map(column => column[i]!))]))
  return rows[0] === undefined
    ? (Array.from({ length: belongings.length + 1 }, () => params) as { [K in keyof R]: Params })
    : (rows[0].map((_, k) =>
        withLeaves(
          params,
          rows.map(row => row[k]!)
        )
      ) as { [K in keyof R]: Params })
}

/** A tree of zeros in the form of the parameters. */
export const zerosLike = (params: Params): Params =>
  withLeaves(
    params,
    leaves(params).map(param => tf.zerosLike(param))
  )
