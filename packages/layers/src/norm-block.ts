import { checkOptions } from '@lapstrake/core'
import type { Block } from './block.ts'
import { checkChannels, checkWhole } from './check-channels.ts'
import { checkNorm, type Norm } from './norm.ts'

export interface NormBlockOptions {
  /** Channels that enter, and come out. */
  readonly filters: number
  readonly norm: Norm
  /** Whether a ReLU follows. */
  readonly relu?: boolean | undefined
}

/**
 * Normalisation and, unless told otherwise, a ReLU: what stands before a convolution in networks of pre-activation
 * (He et al. 2016, https://arxiv.org/abs/1603.05027), and behind one that has none of its own.
 *
 * @throws RangeError if `filters` is not a whole number from 1 to 65536 and, at `init`, if the maps have other than
 * `filters` channels
 * @throws TypeError without a normalisation
 */
export function normBlock(options: NormBlockOptions): Block {
  checkOptions<NormBlockOptions>('normBlock', options, { filters: 'number', norm: 'record', relu: 'boolean' })
  const { filters, norm, relu = true } = options
  checkNorm('normBlock', norm)
  checkWhole('normBlock', 'filters', filters)
  return {
    filters,
    lengthAfter: length => length,
    init(_, channels) {
      checkChannels('normBlock', filters, channels)
      return norm.init(filters)
    },
    apply: (variables, input, mode) => norm.apply(variables, input, mode, { relu })
  }
}
