import {
  checkOptions,
  checkTensors,
  reduced,
  reductionKind,
  type LossOf,
  type Reduced,
  type Reduction,
  type ReductionOptions
} from '@lapstrake/core'
import { checkCount } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { checkBatch, comparingRows, meanOfEach } from './comparing.ts'
import { places, sameSize } from './maps.ts'

/** How what the examples cost becomes the loss. */
export type FSPOptions<R extends Reduction = 'mean' | 'sum'> = ReductionOptions<R>

export interface FSPLossOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Channels of the layer below, the same for both: the last of those that come. */
  readonly bottom: number
}

/**
 * Flow of the solution procedure: how features of one layer go with those of the next should be the teacher's.
 *
 * Takes two layers or more of each, maps `[batch, height, width, channels]` from the bottom, with the same channels for
 * both. For each pair of neighbouring layers, the larger pooled to the smaller, `G = mean over places of bottom · top`;
 * returns the sum over pairs of the mean squared difference of `G`, averaged over the examples, `[batch]`. See `fsp`
 * for a recipe.
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
  return reduced(misses(students, teachers), options.reduction ?? ('mean' as R))
}

/**
 * {@link flowOfSolution} of two neighbouring layers, for a recipe whose backbone is `carrying`, as its teacher's is:
 * maps whose last channels are those of the layer below. In a first phase of its own. Rows are `[views · batch]`, view
 * after view.
 *
 * @throws RangeError if `bottom` is not a whole number from 1 to 65536
 */
export function fsp<R extends Reduction = 'mean'>(options: FSPLossOptions<R>): LossOf<R> {
  checkOptions<FSPLossOptions<R>>('fsp', options, { bottom: 'number', reduction: reductionKind })
  const { bottom, reduction = 'mean' as R } = options
  checkCount('fsp', 'bottom', bottom, 'It is how many channels the layer below has.')
  return comparingRows('fsp', reduction, (student, teacher) => {
    checkBatch('fsp', student, teacher)
    return misses(twoLayers(student, bottom), twoLayers(teacher, bottom))
  })
}

/** The layer below and the one above of maps that carry both. */
function twoLayers(carried: tf.Tensor, bottom: number): readonly tf.Tensor[] {
  const top = (carried.shape[3] ?? 0) - bottom
  if (carried.rank !== 4 || top < 1)
    throw new Error(
      `fsp: expected maps [batch, height, width, channels] of which the last ${bottom} channels are those of the ` +
        'layer ' +
        `below, got [${carried.shape.join(', ')}]. Use carrying(backbone) and head: () => unpooled().`
    )
  const [above, below] = tf.split(carried, [top, bottom], 3)
  return [below!, above!]
}

/** Of each example, `[batch]`. */
function misses(students: readonly tf.Tensor[], teachers: readonly tf.Tensor[]): tf.Tensor1D {
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
  return tf.addN(ofPairs)
}

/** `[batch, channels of the top, channels of the bottom]` */
function flow(bottom: tf.Tensor, top: tf.Tensor): tf.Tensor {
  const [below, above] = sameSize('fsp', bottom, top)
  return tf.div(tf.matMul(places(above), places(below), true, false), above.shape[1] * above.shape[2])
}
