import {
  checkOptions,
  detached,
  randomFrom,
  reductionKind,
  type Reduction,
  type ReductionOptions,
  type StatefulLossOf
} from '@lapstrake/core'
import { checkCount, checkTemperature } from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import {
  checkLabels,
  checkSampler,
  classesOf,
  contrastSampler,
  drawContrast,
  samplerKinds,
  type ContrastClasses,
  type ContrastSamplerOptions
} from './contrast-sampler.ts'
import { crdLoss, type Banks, type LogNormalisers } from './crd-loss.ts'
import { againstTeacherRows } from './against-teacher-rows.ts'
import { project, projections, type Projections } from './projections.ts'

export interface CRDOptions<R extends Reduction = 'mean' | 'sum'>
  extends Partial<Omit<ContrastSamplerOptions, 'labels'>>,
    ReductionOptions<R> {
  /**
   * The class of every example, −1 where it is unknown, or `'data'` for those of the data set: negatives then come from
   * other classes only, and an example of unknown class is one by itself.
   */
  readonly labels?: ArrayLike<number> | 'data' | undefined
  readonly temperature?: number | undefined
  /** Numbers in a row of the banks. */
  readonly dim?: number | undefined
  /** How much of a bank's row stays when a new one comes. */
  readonly momentum?: number | undefined
}

/** What {@link crd} remembers: both banks, their normalisers, and where its draws are. */
export type CRDMemory = {
  readonly banks: Banks
  readonly logNormalisers: LogNormalisers
  /** The data set by class, or nothing where classes do not count. */
  readonly classes: ContrastClasses | Readonly<Record<string, never>>
  readonly key: readonly [number, number]
  readonly calls: number
}

/**
 * Contrastive representation distillation: a student's rows find the teacher's of the same examples among those of
 * others, kept in memory banks with a row for each example of the data set, and the teacher's find the student's. Both
 * are projected to `dim` numbers; the projections learn.
 *
 * Wants a recipe with a `teacher`, batches with `indices`, and to know how many `examples` there are (train() tells).
 * With `labels`, negatives come from other classes only, as in the paper's runs; `'data'` takes those of the data set.
 * Normalisers are set by the first batch; banks, normalisers and the state of the sampler are saved with the run.
 * Returns nats, summed over the negatives and averaged over the rows, `[views · batch]` view after view. Use
 * `crdInBatch` or `crdQueue` for data too large for banks.
 *
 * @throws RangeError for options out of range, or a bank smaller than the data set
 * @throws Error without a teacher, without indices, or if student and teacher saw different examples
 * @see Tian et al. 2020, eq. 17 to 19, https://arxiv.org/abs/1910.10699
 */
export function crd<R extends Reduction = 'mean'>(
  options: CRDOptions<R> = {}
): StatefulLossOf<R, Projections, CRDMemory> {
  checkOptions('crd', options, {
    ...samplerKinds,
    labels: ['list', 'string'],
    temperature: 'number',
    dim: 'number',
    momentum: 'number',
    reduction: reductionKind
  })
  const { examples, negatives = 4096, labels, positive = 'exact' } = options
  const { temperature = 0.07, dim = 128, momentum = 0.5, reduction = 'mean' as R } = options
  checkTemperature('crd', temperature)
  checkCount('crd', 'dim', dim, 'Try 128.')
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(`crd: expected a momentum from 0 to below 1, got ${momentum}. Try 0.5.`)
  if (!Number.isInteger(negatives) || negatives < 1)
    throw new RangeError(`crd: expected 1 or more negatives, got ${negatives}. Try 1024.`)
  const isOfData = labels === 'data'
  if (typeof labels === 'string' && !isOfData)
    throw new TypeError(`crd: expected labels to be a list or 'data', got ${JSON.stringify(labels)}.`)
  const given = isOfData ? undefined : labels
  if (given !== undefined) checkLabels('crd', given)
  if (examples !== undefined && !isOfData) contrastSampler({ examples, negatives, positive, labels: given })
  return {
    init(random, shapes) {
      const size = examples ?? shapes.examples
      if (size === undefined)
        throw new Error(
          'crd: expected to know how many examples there are, got nothing. Give it crd({ examples: dataset.size }).'
        )
      if (shapes.examples !== undefined && size < shapes.examples) {
        throw new RangeError(
          `crd: expected a bank of ${shapes.examples} rows, for indices go up to ${shapes.examples - 1}, ` +
            `got ${size}. Leave out examples.`
        )
      }
      const known = isOfData ? shapes.labels : given
      if (isOfData && known === undefined)
        throw new Error(
          'crd: expected data with classes, for labels are those of the data, got none. Leave labels out: negatives ' +
            'then come from all other examples.'
        )
      checkSampler({ examples: size, negatives, positive, labels: known })
      const params = projections('crd', random, shapes, dim)
      const limit = Math.sqrt(3 / dim)
      const bank = (side: string): tf.Tensor2D =>
        random.split('bank', side).uniform([size, dim], -limit, limit) as tf.Tensor2D
      return {
        params,
        memory: {
          banks: { student: bank('student'), teacher: bank('teacher') },
          logNormalisers: { student: tf.scalar(0), teacher: tf.scalar(0) },
          classes: known === undefined ? {} : classesOf(known),
          key: random.split('draws').key,
          calls: 0
        }
      }
    },
    apply(embeddings, batch, { params, memory: { banks, logNormalisers, classes, key, calls } }) {
      if (batch?.indices === undefined)
        throw new Error('crd: expected indices in the batch, got none. They say which rows of the banks are whose.')
      const { student, teacher } = againstTeacherRows('crd', embeddings, batch)
      // Every view of an example asks, and all share its row of the bank.
      const indices = tf.tile(batch.indices, [embeddings.length])
      const contrast = detached(() =>
        drawContrast(randomFrom(key).split(calls), indices, {
          examples: banks.student.shape[0],
          negatives,
          positive,
          classes: 'order' in classes ? (classes as ContrastClasses) : undefined
        })
      )
      const { loss, ...next } = crdLoss(
        {
          student: project(student, params.student),
          teacher: project(teacher, params.teacher),
          banks,
          indices,
          contrast,
          logNormalisers: calls > 0 ? logNormalisers : undefined
        },
        { temperature, momentum, reduction }
      )
      return { loss, memory: { ...next, classes, key, calls: calls + 1 } }
    }
  }
}
