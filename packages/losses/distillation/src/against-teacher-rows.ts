import { checkEmbeddings, checkTensors, type Batch, type Views } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { featureRows } from './projections.ts'
import { teacherOf } from './teacher-of.ts'

/**
 * Student and teacher as rows of features, view after view.
 *
 * @throws Error without a teacher, or if both did not see the same views of the same examples, or are no floats
 */
export function againstTeacherRows(
  who: string,
  embeddings: Views<tf.Tensor>,
  batch: Batch
): { student: tf.Tensor2D; teacher: tf.Tensor2D } {
  const teacher = teacherOf(who, batch)
  checkEmbeddings(who, embeddings)
  checkTensors(who, teacher)
  const counts = (views: readonly tf.Tensor[]): string => views.map(({ shape }) => shape[0]).join(', ')
  if (counts(embeddings) !== counts(teacher)) {
    throw new Error(
      `${who}: expected student and teacher to see the same views of the same examples, ` +
        `got batches of ${counts(embeddings)} and ${counts(teacher)}.`
    )
  }
  checkEmbeddings(who, teacher)
  const rows = (views: readonly tf.Tensor[]): tf.Tensor2D => tf.concat2d(views.map(featureRows), 0)
  return { student: rows(embeddings), teacher: rows(teacher) }
}
