import { checkOptions, detached, type Buffers, type Mode, type Params } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { checkWhole } from './check-channels.ts'
import { groupNormalised } from './group-normalise.ts'
import { batchMoments, batchNormalised, epsilon, rescaled } from './normalise.ts'

/**
 * A layer for maps `[batch, height, width, channels]` that scales its input to mean 0 and variance 1, then by what it
 * learned; a ReLU may follow at no cost.
 */
export interface Norm {
  /** First variables. Everything is multiplied by `scale` at first, 1 when left out. */
  init(channels: number, scale?: number): { readonly params: Params; readonly buffers: Buffers }
  apply(
    variables: { readonly params: Params; readonly buffers: Buffers },
    input: tf.Tensor,
    mode: Mode,
    options?: NormOptions
  ): { readonly output: tf.Tensor4D; readonly buffers: Buffers }
}

export interface NormOptions {
  /** Whether a ReLU follows. */
  readonly relu?: boolean | undefined
}

export interface GroupNormOptions {
  /** Groups of channels: the most up to 32 that divide the channels, when left out. */
  readonly groups?: number | undefined
}

/** What a backbone calls its normalisation. */
export type NormName = 'batch' | 'group' | 'layer'

/** By name, what makes it. */
const norms: Readonly<Record<NormName, () => Norm>> = {
  batch: () => batchNorm(),
  group: () => groupNorm(),
  layer: () => groupNorm({ groups: 1 })
}

/** All names of normalisations: for functions that take one as an option. */
export const normNames = Object.keys(norms) as readonly NormName[]

type Named = Readonly<Record<'scale' | 'offset' | 'mean' | 'variance', tf.Tensor>>

const firstParams = (channels: number, scale = 1): Params => ({
  scale: tf.fill([channels], scale),
  offset: tf.zeros([channels])
})

/**
 * Statistics of each channel over a batch; at inference, their moving averages
 * (Ioffe & Szegedy 2015, algorithms 1 and 2, https://arxiv.org/abs/1502.03167). Momentum 0.1, epsilon 1e-5 and an
 * unbiased running variance, as in PyTorch.
 */
export const batchNorm = (): Norm => ({
  init: (channels, scale) => ({
    params: firstParams(channels, scale),
    buffers: { mean: tf.zeros([channels]), variance: tf.ones([channels]) }
  }),
  apply({ params, buffers }, input, { training }, { relu = false } = {}) {
    const { scale, offset } = params as Named
    const running = buffers as Named
    const x = input as tf.Tensor4D
    if (!training) {
      const factor = tf.mul(scale, tf.rsqrt(tf.add(running.variance, epsilon)))
      return { output: rescaled(x, factor, tf.sub(offset, tf.mul(running.mean, factor)), relu), buffers }
    }
    const batch = batchMoments(x)
    return { output: batchNormalised(x, scale, offset, batch, relu), buffers: detached(() => moved()) }

    function moved(): Buffers {
      const count = x.size / x.shape[3]
      const towards = (old: tf.Tensor, now: tf.Tensor): tf.Tensor => tf.add(tf.mul(old, 0.9), tf.mul(now, 0.1))
      const unbiased = tf.mul(batch.variance, count / Math.max(1, count - 1))
      return { mean: towards(running.mean, batch.mean), variance: towards(running.variance, unbiased) }
    }
  }
})

/**
 * Statistics of each group of channels of each example: nothing is remembered, and batches may be small
 * (Wu & He 2018, eq. 7, https://arxiv.org/abs/1803.08494). With one group it is layer normalisation (Ba et al. 2016,
 * https://arxiv.org/abs/1607.06450), with as many as channels instance normalisation.
 *
 * @throws RangeError if `groups` is not a whole number from 1 to 65536 and, at `init`, if it does not divide the
 * channels
 */
export function groupNorm(options: GroupNormOptions = {}): Norm {
  checkOptions<GroupNormOptions>('groupNorm', options, { groups: 'number' })
  const { groups } = options
  if (groups !== undefined && !(Number.isInteger(groups) && groups > 0)) {
    throw new RangeError(`groupNorm: expected a whole number of groups above 0, got ${groups}. Try 32.`)
  }
  const groupsOf = (channels: number): number => groups ?? greatestDivisor(channels, 32)
  if (groups !== undefined) checkWhole('groupNorm', 'groups', groups)
  return {
    init(channels, scale) {
      if (channels % groupsOf(channels) !== 0) {
        throw new RangeError(
          `groupNorm: expected groups that divide ${channels} channels, got ${groups}. ` +
            `Try ${greatestDivisor(channels, groupsOf(channels))}.`
        )
      }
      return { params: firstParams(channels, scale), buffers: {} }
    },
    apply({ params, buffers }, input, _, { relu = false } = {}) {
      const { scale, offset } = params as Named
      const x = input as tf.Tensor4D
      return { output: groupNormalised(x, scale, offset, groupsOf(x.shape[3]), relu), buffers }
    }
  }
}

function greatestDivisor(channels: number, most: number): number {
  let divisor = Math.min(most, channels)
  while (channels % divisor !== 0) divisor--
  return divisor
}

/**
 * The normalisation that `who` asks for by name.
 *
 * @throws RangeError for an unknown name
 */
export function normOf(who: string, name: NormName): Norm {
  if (Object.hasOwn(norms, name)) return norms[name]()
  throw new RangeError(
    `${who}: expected a normalisation among ${normNames.join(', ')}, got ${JSON.stringify(name)}. Use 'batch'.`
  )
}

/**
 * Insists on a normalisation.
 *
 * @throws TypeError for anything else
 */
export function checkNorm(who: string, norm: Norm | undefined): void {
  if (typeof norm?.init !== 'function' || typeof norm.apply !== 'function')
    throw new TypeError(`${who}: expected a normalisation, as in norm: batchNorm().`)
}
