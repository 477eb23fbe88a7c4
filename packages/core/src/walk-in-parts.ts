import * as tf from '@tensorflow/tfjs-core'
import { applyLoss, refuseFlat } from './apply-loss.ts'
import type { Batch, Loss, Params, Variables, Views } from './contracts.ts'
import { own, type Owned } from './memory.ts'
import { modeFor } from './mode-for.ts'
import { readUnits } from './read-units.ts'
import { leaves, withLeaves } from './tree.ts'
import { byName } from './units.ts'
import { mapViews, partOf } from './views.ts'
import { vjp } from './vjp.ts'
import { walk, type Learner, type Lesson, type Walk, type Walked } from './window-walk.ts'

/**
 * The walk for a batch too large to be kept: what {@link walk} finds for the whole batch, with the memory of `rows`
 * examples.
 *
 * A contrastive loss is not a sum over parts of a batch, so adding up the gradients of parts gives another gradient.
 * Instead the embeddings of all parts are made first, with nothing kept; every loss is differentiated for all of them
 * at once; then each part goes up again and is pulled by its rows of that gradient (Gao et al. 2021, section 3.2,
 * https://arxiv.org/abs/2101.06983). Costs one more forward pass. Statistics of a batch, where stages take any, are
 * those of a part.
 */
export function walkInParts(work: Walk, rows: number): Walked {
  const { stages, learners, batch, mode } = work
  const count = batch.views[0].shape[0]!
  const starts = Array.from({ length: Math.ceil(count / rows) }, (_, i) => i * rows)
  const modeOf = (start: number): Walk['mode'] => modeFor(mode, 'part', start)

  const units = learners.map(({ unit }) => unit)
  let heads = Object.fromEntries(learners.map(({ unit, head }) => [unit.name, head]))
  let { variables } = work
  // Buffers move from part to part here as they will below: a stage may look at its own.
  const parts = starts.map(start => {
    const read = own(() =>
      readUnits({ stages, variables, units, heads, batch: partOf(batch, start, rows), mode: modeOf(start) })
    )
    variables = variables.map(({ params }, i) => ({ params, buffers: read.stageBuffers[i]! }))
    heads = byName(units, ({ name }) => ({ params: heads[name]!.params, buffers: read.headBuffers[name]! }))
    return read.embeddings
  })
  const asked = learners.map(learner =>
    own(() =>
      differentiate(
        learner,
        batch,
        parts.map(part => part[learner.unit.name]!)
      )
    )
  )

  ;({ variables } = work)
  let walked: Walked | undefined
  for (const start of starts) {
    const part = own(() => {
      const puppets = learners.map((learner, i): Learner => {
        const head =
          walked === undefined ? learner.head : { params: learner.head.params, buffers: walked.lessons[i]!.headBuffers }
        return {
          unit: learner.unit,
          instead: pulledBy(asked[i]!.cotangents, start),
          head,
          loss: { params: {}, memory: {} }
        }
      })
      const some = partOf(batch, start, rows)
      return walk({ ...work, variables, learners: puppets, batch: some, mode: modeOf(start), observe: false })
    })
    variables = variables.map(
      ({ params }, i): Variables => ({ params, buffers: part.buffers[i] ?? variables[i]!.buffers })
    )
    walked = walked === undefined ? part : join(walked, part)
  }
  return {
    ...walked!,
    lessons: learners.map((_, i): Lesson => {
      const { loss, memory, lossGradients, embeddings } = asked[i]!
      return { ...walked!.lessons[i]!, loss, memory, lossGradients, embeddings: work.observe ? embeddings : undefined }
    })
  }
}

/** A stand-in for a loss whose gradient is known: its rows of it, from `start` on. */
const pulledBy =
  (cotangents: readonly tf.Tensor[], start: number): Loss =>
  embeddings =>
    tf.addN(
      embeddings.map((rows, v) => tf.sum(tf.mul(rows, tf.slice(cotangents[v]!, start, rows.shape[0]))))
    ) as tf.Scalar

type Asked = Pick<Lesson, 'loss' | 'memory' | 'lossGradients'> & {
  readonly embeddings: Views<tf.Tensor2D>
  readonly cotangents: readonly tf.Tensor[]
}

/** A unit's loss over all rows, with its gradient for them. */
function differentiate(
  { unit, loss: variables, shown }: Learner,
  batch: Batch,
  parts: readonly Views<tf.Tensor2D>[]
): Asked {
  const embeddings = mapViews(parts[0]!, (_, v) =>
    tf.concat(
      parts.map(part => part[v]!),
      0
    )
  )
  const weights = leaves(variables.params)
  const inputs = [...embeddings, ...weights]
  const { outputs, aux, pull } = vjp(() => {
    const { loss, memory } = applyLoss(unit, embeddings, { ...batch, ...shown }, variables)
    return { outputs: [loss], aux: memory }
  }, inputs)
  const found = pull([tf.scalar(1)], inputs, { last: true })
  refuseFlat(unit, found.slice(0, embeddings.length))
  const pulled = found.map((gradient, i) => gradient ?? tf.zerosLike(inputs[i]!))
  return {
    loss: outputs[0] as tf.Scalar,
    memory: aux,
    embeddings,
    cotangents: pulled.slice(0, embeddings.length),
    lossGradients: withLeaves(variables.params, pulled.slice(embeddings.length))
  }
}

/** Two parts of a walk: gradients add up, buffers are those of the later one. */
function join(a: Walked, b: Walked): Owned<Walked> {
  return own(() => ({
    lessons: b.lessons.map((lesson, i) => ({
      ...lesson,
      headGradients: plus(a.lessons[i]!.headGradients, lesson.headGradients)
    })),
    gradients: b.gradients.map((gradient, i) => gradient && plus(a.gradients[i]!, gradient)),
    buffers: b.buffers
  }))
}

function plus(a: Params, b: Params): Params {
  const theirs = leaves(b)
  const sums = leaves(a).map((mine, i) => tf.add(mine, theirs[i]!))
  for (const tensor of [...leaves(a), ...theirs]) tensor.dispose()
  return withLeaves(b, sums)
}
