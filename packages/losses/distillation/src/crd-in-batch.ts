import {
  checkOptions,
  detached,
  reduced,
  reductionKind,
  type Batch,
  type LossShapes,
  type Random,
  type Reduction,
  type ReductionOptions,
  type StatefulLossOf,
  type Views
} from '@lapstrake/core'
import {
  checkCount,
  checkTemperature,
  enqueue,
  filledRows,
  logSumExpRows,
  normaliseRows,
  rowQueue,
  zeroRows,
  type RowQueue
} from '@lapstrake/embeddings'
import * as tf from '@tensorflow/tfjs-core'
import { againstTeacherRows } from './against-teacher-rows.ts'
import { project, projections, type Projections } from './projections.ts'

export interface CRDInBatchOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Divides the cosine similarities. */
  readonly temperature?: number | undefined
  /** Numbers in a projected row. */
  readonly dim?: number | undefined
}

export interface CRDQueueOptions<R extends Reduction = 'mean' | 'sum'> extends CRDInBatchOptions<R> {
  /** Rows of each queue. */
  readonly size?: number | undefined
}

/** What {@link crdQueue} remembers: the newest rows of both sides. */
export type CRDQueues = { readonly student: RowQueue; readonly teacher: RowQueue }

/**
 * Contrastive distillation within the batch: each student's row finds its teacher's among those of the batch, and each
 * teacher's its student's. Nothing is remembered, so data may be of any size. Both sides are projected to `dim`
 * numbers; the projections learn.
 *
 * Returns nats, the mean over both directions and all rows, `[views · batch]` view after view: `log(rows)` when all are
 * equal, exactly 0 for a single row.
 *
 * @throws RangeError for options out of range
 * @throws Error without a teacher, or if student and teacher saw different examples
 * @see Tian et al. 2020, eq. 10 with InfoNCE for the bound, https://arxiv.org/abs/1910.10699; van den Oord et al. 2018,
 * eq. 4
 */
export function crdInBatch<R extends Reduction = 'mean'>(
  options: CRDInBatchOptions<R> = {}
): StatefulLossOf<R, Projections, Record<string, never>> {
  checkOptions('crdInBatch', options, { temperature: 'number', dim: 'number', reduction: reductionKind })
  const { temperature = 0.1, dim = 128, reduction = 'mean' as R } = options
  const { init, rows } = projected('crdInBatch', temperature, dim)
  return {
    init: (random, shapes) => ({ params: init(random, shapes), memory: {} }),
    apply(embeddings, batch, { params, memory }) {
      const { student, teacher } = rows(embeddings, batch, params)
      return { loss: reduced(bothWays(student, teacher, student, teacher, temperature), reduction), memory }
    }
  }
}

/**
 * Contrastive distillation against queues: as {@link crdInBatch}, with the newest rows of earlier batches as further
 * negatives.
 *
 * Returns nats, the mean over both directions and all rows, `[views · batch]` view after view: `log(rows + size)` when
 * all are equal. The queues begin empty.
 *
 * @throws RangeError for options out of range
 * @throws Error without a teacher, or if student and teacher saw different examples
 * @see Tian et al. 2020, eq. 10, https://arxiv.org/abs/1910.10699; He et al. 2020, https://arxiv.org/abs/1911.05722
 */
export function crdQueue<R extends Reduction = 'mean'>(
  options: CRDQueueOptions<R> = {}
): StatefulLossOf<R, Projections, CRDQueues> {
  checkOptions('crdQueue', options, { temperature: 'number', dim: 'number', size: 'number', reduction: reductionKind })
  const { temperature = 0.07, dim = 128, size = 4096, reduction = 'mean' as R } = options
  const { init, rows } = projected('crdQueue', temperature, dim)
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`crdQueue: expected a size of 1 or more rows, got ${size}. Try 4096.`)
  return {
    init: (random, shapes) => {
      const queue = (): RowQueue => rowQueue(random, { size, dim, fill: 'empty' })
      return { params: init(random, shapes), memory: { student: queue(), teacher: queue() } }
    },
    apply(embeddings, batch, { params, memory }) {
      const { student, teacher } = rows(embeddings, batch, params)
      const known = (now: tf.Tensor2D, queue: RowQueue): tf.Tensor2D =>
        queue.filled === 0 ? now : tf.concat2d([now, filledRows(queue)], 0)
      return {
        loss: reduced(
          bothWays(student, teacher, known(student, memory.student), known(teacher, memory.teacher), temperature),
          reduction
        ),
        memory: detached(() => ({
          student: enqueue(memory.student, student),
          teacher: enqueue(memory.teacher, teacher)
        }))
      }
    }
  }
}

/** Unit rows of both sides, through projections that learn. */
function projected(
  who: string,
  temperature: number,
  dim: number
): {
  init: (random: Random, shapes: LossShapes) => Projections
  rows: (
    embeddings: Views<tf.Tensor>,
    batch: Batch,
    params: Projections
  ) => { student: tf.Tensor2D; teacher: tf.Tensor2D }
} {
  checkTemperature(who, temperature)
  checkCount(who, 'dim', dim, 'Try 128.')
  return {
    init: (random, shapes) => projections(who, random, shapes, dim),
    rows(embeddings, batch, params) {
      const { student, teacher } = againstTeacherRows(who, embeddings, batch)
      return {
        student: normaliseRows(project(student, params.student)),
        teacher: normaliseRows(project(teacher, params.teacher))
      }
    }
  }
}

/** Row `i` of each side should find row `i` of the other's candidates: what each row costs, `[rows]`. */
function bothWays(
  student: tf.Tensor2D,
  teacher: tf.Tensor2D,
  students: tf.Tensor2D,
  teachers: tf.Tensor2D,
  temperature: number
): tf.Tensor1D {
  // Both sides, so that every parameter has a gradient.
  if (students.shape[0] === 1) return zeroRows(tf.add(student, teacher))
  const positive = tf.div(tf.sum(tf.mul(student, teacher), 1, true), temperature) // [rows, 1]
  const total = (anchors: tf.Tensor2D, candidates: tf.Tensor2D): tf.Tensor =>
    logSumExpRows(tf.matMul(tf.div(anchors, temperature), tf.transpose(candidates)) as tf.Tensor2D)
  const both = tf.add(total(student, teachers), total(teacher, students))
  return tf.squeeze(tf.sub(tf.div(both, 2), positive), [1])
}
