import type { Buffers, Params, Variables } from '@lapstrake/core'
import { chain, convBlock, depthwise, normBlock, type Block, type Norm } from '@lapstrake/layers'
import * as tf from '@tensorflow/tfjs-core'
import { byTurns } from './by-turns.ts'

export interface ShuffleUnitOptions {
  /** Channels that enter: as many as come out, or others, and then height and width are halved. */
  readonly entering: number
  /** Channels that come out, even. */
  readonly filters: number
  readonly norm: Norm
}

type Halves<T> = { readonly left: T; readonly right: T }

/**
 * A unit of ShuffleNet v2 (Ma et al. 2018, figure 3c and d). One that keeps its shape splits its channels, leaves the
 * left half as it is, and convolves the right: 1×1, depthwise 3×3, 1×1. One that shrinks has all channels on both
 * sides. Then the halves take turns, so that the next unit convolves some of each.
 */
export function shuffleUnit({ entering, filters, norm }: ShuffleUnitOptions): Block {
  const shrinks = entering !== filters
  const [stride, half] = [shrinks ? 2 : 1, filters / 2]
  const byChannel = (channels: number): readonly Block[] => [
    depthwise({ filters: channels, stride }),
    normBlock({ filters: channels, norm, relu: false })
  ]
  const mixing = convBlock({ filters: half, size: 1, norm })
  const left = shrinks ? chain([...byChannel(entering), mixing]) : unchanged(half)
  const right = chain([mixing, ...byChannel(half), mixing])
  return {
    filters,
    lengthAfter: right.lengthAfter,
    init(random) {
      const [onLeft, onRight] = [
        left.init(random.split('left'), shrinks ? entering : half),
        right.init(random.split('right'), shrinks ? entering : half)
      ]
      return {
        params: { left: onLeft.params, right: onRight.params },
        buffers: { left: onLeft.buffers, right: onRight.buffers }
      }
    },
    apply({ params, buffers }, input, mode) {
      const of = (side: keyof Halves<unknown>): Variables => ({
        params: (params as Halves<Params>)[side],
        buffers: (buffers as Halves<Buffers>)[side]
      })
      const [toLeft, toRight] = shrinks ? [input, input] : tf.split(input, 2, 3)
      const [onLeft, onRight] = [left.apply(of('left'), toLeft!, mode), right.apply(of('right'), toRight!, mode)]
      return {
        output: byTurns(onLeft.output as tf.Tensor4D, onRight.output as tf.Tensor4D),
        buffers: { left: onLeft.buffers, right: onRight.buffers }
      }
    }
  }
}

const unchanged = (filters: number): Block => ({
  filters,
  lengthAfter: length => length,
  init: () => ({ params: {}, buffers: {} }),
  apply: (_, output) => ({ output, buffers: {} })
})
