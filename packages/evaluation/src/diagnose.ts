import { checkGiven, own, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts'

/** What the embeddings of a unit tell about how it learns. All of rows scaled to length one, the first two views. */
export interface Diagnosis {
  /** Mean cosine of the two views of an example: towards 1. */
  readonly positiveSimilarity: number
  /** Mean cosine of different examples: 1 when all embeddings are equal. */
  readonly negativeSimilarity: number
  /** Mean squared distance of the two views of an example, 0 to 4 (Wang & Isola 2020, eq. 2 with α = 2). */
  readonly alignment: number
  /**
   * `log mean exp(−2 d²)` over pairs of examples: 0 when all are equal, towards −4 when they spread (Wang & Isola 2020,
   * eq. 3 with t = 2).
   */
  readonly uniformity: number
  /** Part of the rows of the first view that are closest to their own example in the second. */
  readonly topOne: number
  /**
   * Mean standard deviation over the dimensions: `1 / √dim` when spread, 0 at collapse (Chen & He 2021, section 4.1).
   */
  readonly deviation: number
  /** `exp` of the entropy of the singular values' shares: how many dimensions are in use (Roy & Vetterli 2007). */
  readonly effectiveRank: number
}

/**
 * Looks at embeddings `[batch, dim]` of two or more views. Reads small results from the device; takes a fraction of a
 * step.
 *
 * @throws Error unless there are two views of rows and two examples or more
 * @see Wang & Isola 2020, https://arxiv.org/abs/2005.10242; Chen & He 2021, https://arxiv.org/abs/2011.10566; Roy &
 * Vetterli 2007
 */
export async function diagnose(embeddings: Views<tf.Tensor2D>): Promise<Diagnosis> {
  checkGiven('diagnose', 'two views of embeddings', embeddings, 'list')
  const [first, second] = embeddings
  if (second === undefined || first.rank !== 2 || first.shape.join() !== second.shape.join() || first.shape[0] < 2) {
    const shapes = embeddings.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ')
    throw new Error(`diagnose: expected two views [batch, dim] of two examples or more, got ${shapes}.`)
  }
  const count = first.shape[0]
  const measured = own(() => {
    const [u, v] = [first, second].map(rows => tf.div(rows, tf.maximum(tf.norm(rows, 2, 1, true), 1e-12))) as [
      tf.Tensor2D,
      tf.Tensor2D
    ]
    const across = tf.matMul(u, tf.transpose(v)) // [batch, batch]
    const positive = tf.sum(tf.mul(u, v), 1) // [batch]
    const within = tf.matMul(u, tf.transpose(u))
    // Each example meets itself once, at a distance of 0.
    const spread = tf.div(tf.sub(tf.sum(tf.exp(tf.mul(tf.sub(within, 1), 4))), count), count * (count - 1))
    const { variance } = tf.moments(u, 0)
    return {
      scalars: tf.stack([
        tf.mean(positive),
        tf.div(tf.sub(tf.sum(across), tf.sum(positive)), count * (count - 1)),
        tf.mean(tf.sum(tf.squaredDifference(u, v), 1)),
        tf.log(spread),
        tf.mean(tf.cast(tf.equal(tf.argMax(across, 1), tf.range(0, count, 1, 'int32')), 'float32')),
        tf.mean(tf.sqrt(variance))
      ]),
      // The smaller of the two Gram matrices: its eigenvalues are the squared singular values.
      gram: (first.shape[1] <= count ? tf.matMul(tf.transpose(u), u) : within) as tf.Tensor2D
    }
  })
  try {
    const [positiveSimilarity, negativeSimilarity, alignment, uniformity, topOne, deviation] = [
      ...(await measured.scalars.data())
    ] as [number, number, number, number, number, number]
    const effectiveRank = rankOf(await measured.gram.array())
    return { positiveSimilarity, negativeSimilarity, alignment, uniformity, topOne, deviation, effectiveRank }
  } finally {
    measured.scalars.dispose()
    measured.gram.dispose()
  }
}

/** From the Gram matrix of some rows. One when all are equal. */
function rankOf(gram: readonly (readonly number[])[]): number {
  const singular = symmetricEigenvalues(gram).map(value => Math.sqrt(Math.max(0, value)))
  const total = singular.reduce((sum, value) => sum + value, 0)
  // Rounding leaves singular values of some 1e-4 where there should be none.
  const shares = singular.map(value => value / total).filter(share => share > 1e-3)
  return Math.exp(-shares.reduce((sum, share) => sum + share * Math.log(share), 0))
}
