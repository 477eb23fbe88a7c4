import * as tf from '@tensorflow/tfjs-core'
import { checkEmbeddings } from './check-embeddings.ts'
import { isLoss } from './check-recipe.ts'
import type {
  Batch,
  LocalLoss,
  Loss,
  LossShapes,
  LossVariables,
  Params,
  Memory,
  Recipe,
  StatefulLoss,
  Views
} from './contracts.ts'
import { checkGiven } from './options.ts'
import type { Random } from './random.ts'
import type { ViewLossOf } from './reduction.ts'
import { pairOf } from './views.ts'

/**
 * A loss that compares two views of the same examples. One that takes the two alone may be asked without a batch:
 * `loss([a, b])`.
 *
 * @throws TypeError for anything but a function
 * @throws Error, when it is used, if there are fewer views or more, of other examples, without rows or not of floats
 */
export function ofTwoViews<C extends (first: tf.Tensor2D, second: tf.Tensor2D, batch: Batch) => tf.Scalar>(
  compare: C
): C extends (first: tf.Tensor2D, second: tf.Tensor2D) => tf.Scalar ? ViewLossOf : Loss
export function ofTwoViews(compare: (first: tf.Tensor2D, second: tf.Tensor2D, batch: Batch) => tf.Scalar): Loss {
  checkFunction('ofTwoViews', compare, 'compares two views', '(first, second) => scalar')
  return (embeddings, batch) => {
    const pair = pairOf('ofTwoViews', embeddings)
    checkEmbeddings('ofTwoViews', pair)
    return compare(...pair, batch)
  }
}

/**
 * A weighted sum of losses: `Σ weight · loss`. A pure loss again when all parts are pure.
 *
 * @throws TypeError for anything but a list of pairs of a loss and a weight
 * @throws RangeError if there are no parts, or a weight is not finite
 */
export function weighted(parts: readonly (readonly [loss: LocalLoss, weight: number])[]): LocalLoss {
  if (!Array.isArray(parts) || !parts.every((part: unknown) => Array.isArray(part) && part.length === 2))
    throw new TypeError(
      'weighted: expected pairs of a loss and a weight, got something else. Give it [[loss, weight], …].'
    )
  if (parts.length === 0)
    throw new RangeError('weighted: expected one loss or more, got none. Give it [[loss, weight], …].')
  for (const [loss, weight] of parts) {
    checkLoss('weighted', loss)
    if (!Number.isFinite(weight))
      throw new RangeError(`weighted: expected finite weights, got ${weight}. Give it [[loss, weight], …].`)
  }
  return together(
    parts.map(([loss]) => loss),
    losses => losses.map((loss, i) => tf.mul(loss, parts[i]![1]))
  )
}

/**
 * A loss whose weight depends on the step, counted from 0: warm-ups and fade-outs. Remembers the step, so that a run
 * that is resumed goes on where it stopped.
 *
 * @throws TypeError for anything but a loss and a function
 * @throws RangeError, when it is used, for a weight that is not finite
 */
export function scheduled(loss: LocalLoss, weight: (step: number) => number): StatefulLoss {
  checkLoss('scheduled', loss)
  checkFunction('scheduled', weight, 'gives the weight of a step', 'step => Math.min(1, step / 100)')
  const inner = withVariables(loss)
  return {
    init(random, shapes) {
      const { params, memory } = inner.init(random, shapes)
      return { params, memory: { step: 0, inner: memory } }
    },
    apply(embeddings, batch, { params, memory }) {
      const { step, inner: before } = memory as { readonly step: number; readonly inner: Memory }
      const now = weight(step)
      if (!Number.isFinite(now))
        throw new RangeError(
          `scheduled: expected a finite weight, got ${now} at step ${step}. Mend the function given to scheduled().`
        )
      const applied = inner.apply(embeddings, batch, { params, memory: before })
      return { loss: tf.mul(applied.loss, now), memory: { step: step + 1, inner: applied.memory } }
    }
  }
}

/**
 * The mean of a loss over both orders of its two views, for losses that treat one as the question and the other as the
 * answer. Targets and teacher change places with the views.
 *
 * @throws TypeError for anything but a loss
 * @throws Error, when it is used, unless there are two views
 */
export function symmetric(loss: LocalLoss): LocalLoss {
  checkLoss('symmetric', loss)
  const turned = (batch: Batch): Batch => ({
    ...batch,
    views: turn(batch.views),
    context: batch.context && [...batch.context].reverse(),
    targets: batch.targets && turn(batch.targets),
    teacher: batch.teacher && turn(batch.teacher),
    teachers:
      batch.teachers && Object.fromEntries(Object.entries(batch.teachers).map(([name, seen]) => [name, turn(seen)]))
  })
  if (typeof loss === 'function') {
    return (embeddings, batch) =>
      tf.div(tf.add(loss(embeddings, batch), loss(turn(embeddings), turned(batch))), 2) as tf.Scalar
  }
  return {
    init: (random, shapes) => loss.init(random, shapes),
    apply(embeddings, batch, { params, memory }) {
      const there = loss.apply(embeddings, batch, { params, memory })
      const back = loss.apply(turn(embeddings), turned(batch), { params, memory: there.memory })
      return { loss: tf.div(tf.add(there.loss, back.loss), 2), memory: back.memory }
    }
  }
}

/**
 * A loss that learns from one of several teachers, as if the recipe had no other: it finds that one in `batch.teacher`,
 * and may build itself for its shape.
 *
 *     teacher: { wide: { backbone: wide, … }, deep: { backbone: deep, … } },
 *     loss: () => weighted([[ofTeacher('wide', kd()), 0.5], [ofTeacher('deep', kd()), 0.5]])
 *
 * @throws TypeError for anything but a name and a loss
 * @throws Error, when it is used, if the recipe has no teacher of that name
 */
export function ofTeacher(name: string, loss: LocalLoss): LocalLoss {
  checkGiven('ofTeacher', "the name of a teacher, as in ofTeacher('wide', kd())", name, 'string')
  checkLoss('ofTeacher', loss)
  const ofThis = <T>(teachers: Readonly<Record<string, T>> = {}): T => {
    if (Object.hasOwn(teachers, name)) return teachers[name]!
    throw new Error(
      `ofTeacher: expected a teacher named ${name}, got ${Object.keys(teachers).join(', ') || 'none with a name'}. ` +
        `Give the recipe teacher: { ${name}: { backbone, … } }.`
    )
  }
  const alone = (batch: Batch): Batch => ({ ...batch, teacher: ofThis(batch?.teachers) })
  if (typeof loss === 'function') return (embeddings, batch) => loss(embeddings, alone(batch))
  return {
    init: (random, shapes) => loss.init(random, { ...shapes, teacher: ofThis(shapes?.teachers) }),
    apply: (embeddings, batch, variables) => loss.apply(embeddings, alone(batch), variables)
  }
}

/**
 * A different loss for each unit, lowest first: a value for {@link Recipe.loss}. Auxiliary units bring their own.
 *
 * @throws TypeError for anything but a list of functions that each make a loss
 * @throws RangeError if the isolation makes more units than there are losses
 */
export function perUnit(losses: readonly (() => LocalLoss)[]): Recipe['loss'] {
  // A loss itself is a function, too: of embeddings.
  if (!Array.isArray(losses) || losses.some((make: unknown) => typeof make !== 'function' || make.length > 0)) {
    throw new TypeError(
      'perUnit: expected functions that each make a loss, got something else. Give it [() => infoNCE(), …].'
    )
  }
  return ({ start, end }, index) => {
    const make = losses[index]
    if (make === undefined) {
      throw new RangeError(
        `perUnit: expected a loss for unit ${index} (stages ${start} to ${end}), got ${losses.length} losses. ` +
          'Give one for each unit.'
      )
    }
    return make()
  }
}

function checkLoss(who: string, loss: unknown): void {
  if (isLoss(loss)) return
  throw new TypeError(
    `${who}: expected a loss, which is a function or { init, apply }, got ${loss === null ? 'null' : typeof loss}. ` +
      'Give it a loss that was made, such as infoNCE().'
  )
}

function checkFunction(who: string, given: unknown, does: string, example: string): void {
  if (typeof given === 'function') return
  throw new TypeError(`${who}: expected a function that ${does}, got ${typeof given}. Give it ${example}.`)
}

function turn<T extends tf.Tensor>(views: Views<T>): Views<T> {
  const [first, second] = pairOf('symmetric', views)
  return [second, first]
}

/** Losses side by side on the same embeddings, each with variables of its own, added up. */
function together(
  losses: readonly LocalLoss[],
  scale: (losses: readonly tf.Scalar[]) => readonly tf.Tensor[]
): LocalLoss {
  const total = (values: readonly tf.Scalar[]): tf.Scalar => tf.addN([...scale(values)]) as tf.Scalar
  if (losses.every((loss): loss is Loss => typeof loss === 'function')) {
    return (embeddings, batch) => total(losses.map(loss => loss(embeddings, batch)))
  }
  const parts = losses.map(withVariables)
  return {
    init(random, shapes) {
      const made = parts.map((part, i) => part.init(random.split('part', i), shapes))
      return { params: made.map(({ params }) => params), memory: made.map(({ memory }) => memory) }
    },
    apply(embeddings, batch, { params, memory }) {
      const applied = parts.map((part, i) =>
        part.apply(embeddings, batch, {
          params: (params as readonly Params[])[i]!,
          memory: (memory as readonly Memory[])[i]!
        })
      )
      return { loss: total(applied.map(({ loss }) => loss)), memory: applied.map(({ memory }) => memory) }
    }
  }
}

/** A pure loss as one with no variables. */
const withVariables = (loss: LocalLoss): StatefulLoss =>
  typeof loss !== 'function'
    ? loss
    : {
        init: (_random: Random, _shapes: LossShapes): LossVariables => ({ params: {}, memory: {} }),
        apply: (embeddings, batch, { memory }) => ({ loss: loss(embeddings, batch), memory })
      }
