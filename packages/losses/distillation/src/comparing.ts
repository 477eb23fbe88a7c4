import {
  checkEmbeddings,
  checkTensors,
  reduced,
  type Batch,
  type Loss,
  type LossOf,
  type Reduction,
  type Views
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { teacherOf } from './teacher-of.ts'

/**
 * A loss that compares what a unit's head makes of each view with what the teacher shows, averaged over the views.
 *
 * It throws without a teacher, and if student and teacher did not see the same views of the same examples, one or more
 * of them, or are no floats.
 */
export const comparing =
  (who: string, compare: (student: tf.Tensor, teacher: tf.Tensor) => tf.Scalar): Loss =>
  (embeddings, batch) =>
    tf.div(tf.addN(ofEachView(who, compare, embeddings, batch)), embeddings.length)

/** {@link comparing} row by row, `[views · batch]`, view after view; and the rows reduced. */
export const comparingRows =
  <R extends Reduction>(
    who: string,
    reduction: R,
    compare: (student: tf.Tensor, teacher: tf.Tensor) => tf.Tensor1D
  ): LossOf<R> =>
  (embeddings, batch) =>
    reduced(tf.concat1d(ofEachView(who, compare, embeddings, batch)), reduction)

function ofEachView<T>(
  who: string,
  compare: (student: tf.Tensor, teacher: tf.Tensor) => T,
  students: Views,
  batch: Batch
): T[] {
  const teacher = teacherOf(who, batch)
  checkEmbeddings(who, students)
  checkTensors(who, teacher)
  if (students.length !== teacher.length) {
    throw new Error(
      `${who}: expected student and teacher to see the same views, got ${students.length} and ${teacher.length}.`
    )
  }
  return students.map((student, v) => compare(student, teacher[v]!))
}

/**
 * @throws TypeError unless both are tensors
 * @throws Error unless both are floats and show the same examples, one or more
 */
export function checkBatch(who: string, student: tf.Tensor, teacher: tf.Tensor): void {
  checkTensors(who, [student, teacher])
  if (student.shape[0] !== teacher.shape[0]) {
    throw new Error(
      `${who}: expected student and teacher to see the same examples, got batches of ${student.shape[0]} and ` +
        `${teacher.shape[0]}.`
    )
  }
  checkEmbeddings(who, [student, teacher])
}

/** @throws Error unless both have one shape */
export function checkSameShape(who: string, student: tf.Tensor, teacher: tf.Tensor): void {
  checkBatch(who, student, teacher)
  if (student.shape.join() !== teacher.shape.join()) {
    throw new Error(
      `${who}: expected student and teacher of one shape, got [${student.shape.join(', ')}] and ` +
        `[${teacher.shape.join(', ')}]. ` +
        "Let the head bring the student to the teacher's."
    )
  }
}

/** The mean of what belongs to each example, `[batch]`. */
export const meanOfEach = (values: tf.Tensor): tf.Tensor1D => tf.mean(flatRows(values), 1)

/** Each example as one row, `[batch, …]`. */
export const flatRows = (features: tf.Tensor): tf.Tensor2D => tf.reshape(features, [features.shape[0]!, -1])
