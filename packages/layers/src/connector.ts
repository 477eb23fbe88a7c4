import { checkOptions, stateless, type Stage } from '@lapstrake/core'
import { checkWhole } from './check-channels.ts'
import { convBlock } from './conv-block.ts'
import { normNames, normOf, type NormName } from './norm.ts'
import { stageOf } from './stage-of.ts'

export interface ConnectorOptions {
  /** Channels that come out: as many as the teacher's maps have. */
  readonly filters: number
  readonly norm?: NormName | undefined
}

/** A head without parameters, for losses that compare maps: they stay as they are. */
export const unpooled = (): Stage =>
  stateless('unpooled', { init: (_, shape) => ({ params: {}, outputShape: shape }), apply: (_, input) => input })

/**
 * A head for losses that compare maps with a teacher's: a 1×1 convolution to its channels and a normalisation, without
 * a ReLU (Heo et al. 2019, https://arxiv.org/abs/1811.03233).
 *
 * @throws RangeError if `filters` is not a whole number from 1 to 65536
 */
export function connector(options: ConnectorOptions): Stage {
  checkOptions<ConnectorOptions>('connector', options, { filters: 'number', norm: { among: normNames } })
  const { filters, norm = 'batch' } = options
  checkWhole('connector', 'filters', filters)
  return stageOf('connector', convBlock({ filters, size: 1, norm: normOf('connector', norm), relu: false }))
}
