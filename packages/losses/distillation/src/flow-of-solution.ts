import {
  checkOptions,
  checkTensors,
  reduced,
  reductionKind,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { meanOfEach } from './comparing.ts'
import { places, sameSize } from './maps.ts'

/** How what the examples cost becomes the loss. */
export type FSPOptions<R extends Reduction = 'mean' | 'sum'> = ReductionOptions<R>

/**
 * Flow of the solution procedure: how features of one layer go with those of the next should be the teacher's.
 *
 * Takes two layers or more of each, maps `[batch, height, width, channels]` from the bottom, with the same channels for
 * both. For each pair of neighbouring layers, the larger pooled to the smaller, `G = mean over places of bottom · top`;
 * returns the sum over pairs of the mean squared difference of `G`, averaged over the examples, `[batch]`. A function
 * only: a unit's loss sees what one head gives.
 *
 * @throws Error for different numbers of layers, or different channels
 * @see Yim et al. 2017, eq. 1 and 2,
 * https://openaccess.thecvf.com/content_cvpr_2017/html/Yim_A_Gift_From_CVPR_2017_paper.html
 */
export function flowOfSolution<R extends Reduction = 'mean'>(
  students: readonly tf.Tensor[],
  teachers: readonly tf.Tensor[],
  options: FSPOptions<R> = {}
): Reduced<R> {
  checkOptions('flowOfSolution', options, { reduction: reductionKind })
  for (const layers of [students, teachers]) checkTensors('fsp', layers)
  if (students.length !== teachers.length || students.length < 2) {
    throw new Error(
      'fsp: expected two layers or more, as many of the student as of the teacher, ' +
        `got ${students.length} and ${teachers.length}.`
    )
  }
  const ofPairs = students.slice(1).map((top, layer) => {
    const [s, t] = [flow(students[layer]!, top), flow(teachers[layer]!, teachers[layer + 1]!)]
    if (s.shape.join() !== t.shape.join()) {
      throw new Error(
        `fsp: expected layers of the same channels, got ${s.shape.slice(1).join(' and ')} for the student, ` +
          `${t.shape.slice(1).join(' and ')} for the teacher.`
      )
    }
    return meanOfEach(tf.squaredDifference(s, t))
  })
  return reduced(tf.addN(ofPairs), options.reduction ?? ('mean' as R))
}

/** `[batch, channels of the top, channels of the bottom]` */
function flow(bottom: tf.Tensor, top: tf.Tensor): tf.Tensor {
  const [below, above] = sameSize('fsp', bottom, top)
  return tf.div(tf.matMul(places(above), places(below), true, false), above.shape[1] * above.shape[2])
}
