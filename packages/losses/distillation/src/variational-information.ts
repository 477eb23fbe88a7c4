import {
  checkGiven,
  checkOptions,
  checkTensors,
  reduced,
  reductionKind,
  type OptionKinds,
  type Random,
  type Reduced,
  type Reduction,
  type ReductionOptions,
  type StatefulLossOf
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { comparingRows, meanOfEach } from './comparing.ts'
import { sameSize } from './maps.ts'
import { teacherOf } from './teacher-of.ts'

/**
 * What guesses the teacher's features from the student's: three 1 × 1 convolutions without bias, ReLUs between, and a
 * variance for each channel.
 */
export interface Regressor {
  /** Each `[in, out]`. */
  readonly weights: readonly tf.Tensor[]
  /** `[channels of the teacher]`; the variance is `softplus(logScale) + ε`. */
  readonly logScale: tf.Tensor
  readonly [name: string]: tf.Tensor | readonly tf.Tensor[]
}

export interface VIDOptions<R extends Reduction = 'mean' | 'sum'> extends ReductionOptions<R> {
  /** Least variance. */
  readonly epsilon?: number | undefined
  /** First variance of every channel. */
  readonly variance?: number | undefined
}

const kinds: OptionKinds<VIDOptions> = { epsilon: 'number', variance: 'number', reduction: reductionKind }

/**
 * Variational information distillation: the negative log-likelihood of the teacher's features under a Gaussian around
 * what a regressor makes of the student's.
 *
 * Takes maps `[batch, height, width, channels]`, the larger pooled to the smaller, or rows `[batch, dim]`. Returns nats
 * without the constant, `mean ½ [ (μ(s) − t)² / v + log v ]`, averaged over the examples, `[batch]`.
 *
 * @throws Error unless both are of the same examples, and both maps or both rows
 * @see Ahn et al. 2019, eq. 6, https://arxiv.org/abs/1904.05835
 */
export function variationalInformation<R extends Reduction = 'mean'>(
  student: tf.Tensor,
  teacher: tf.Tensor,
  regressor: Regressor,
  options: VIDOptions<R> = {}
): Reduced<R> {
  checkOptions('variationalInformation', options, kinds)
  const { epsilon = 1e-5, reduction = 'mean' as R } = options
  checkVariance('variationalInformation', options)
  checkTensors('variationalInformation', [student, teacher])
  checkGiven('variationalInformation', 'a regressor, as { weights, logScale }', regressor, 'record')
  checkTensors('variationalInformation', regressor.weights)
  checkTensors('variationalInformation', [regressor.logScale])
  return reduced(surprises(student, teacher, regressor, epsilon), reduction)
}

/** Of each example, `[batch]`. */
function surprises(
  student: tf.Tensor,
  teacher: tf.Tensor,
  { weights, logScale }: Regressor,
  epsilon: number
): tf.Tensor1D {
  const asMaps = (features: tf.Tensor): tf.Tensor =>
    features.rank === 2 ? tf.reshape(features, [features.shape[0]!, 1, 1, -1]) : features
  const [s, t] = sameSize('vid', asMaps(student), asMaps(teacher))
  const channels = (maps: tf.Tensor4D): tf.Tensor2D => tf.reshape(maps, [-1, maps.shape[3]])
  const guess = weights.reduce<tf.Tensor2D>(
    (x, w, layer) => tf.matMul(layer === 0 ? x : tf.relu(x), w as tf.Tensor2D),
    channels(s)
  )
  const variance = tf.add(tf.add(tf.relu(logScale), tf.log1p(tf.exp(tf.neg(tf.abs(logScale))))), epsilon)
  const each = tf.add(tf.div(tf.squaredDifference(guess, channels(t)), variance), tf.log(variance))
  return tf.mul(meanOfEach(tf.reshape(each, t.shape)), 0.5)
}

/**
 * {@link variationalInformation} for a recipe: the regressor learns with the unit. Usual weight: 1. Rows are
 * `[views · batch]`, view after view.
 */
export function vid<R extends Reduction = 'mean'>(
  options: VIDOptions<R> = {}
): StatefulLossOf<R, Regressor, Record<string, never>> {
  checkOptions('vid', options, kinds)
  const { epsilon = 1e-5, variance = 5, reduction = 'mean' as R } = options
  checkVariance('vid', options)
  return {
    init(random: Random, shapes) {
      const [from, to] = [shapes.embedding.at(-1)!, teacherOf('vid', shapes).at(-1)!]
      const layer = (index: number, inputs: number): tf.Tensor =>
        random.split('layer', index).normal([inputs, to], 0, Math.sqrt(2 / inputs))
      return {
        params: {
          weights: [layer(0, from), layer(1, to), layer(2, to)],
          logScale: tf.fill([to], Math.log(Math.expm1(variance - epsilon)))
        },
        memory: {}
      }
    },
    apply: (embeddings, batch, { params, memory }) => ({
      loss: comparingRows('vid', reduction, (student, teacher) => surprises(student, teacher, params, epsilon))(
        embeddings,
        batch
      ),
      memory
    })
  }
}

function checkVariance(who: string, { epsilon = 1e-5, variance = 5 }: VIDOptions<Reduction>): void {
  if (!(epsilon >= 0 && variance > epsilon && variance < Infinity))
    throw new RangeError(`${who}: expected a variance above epsilon, got ${variance} and ${epsilon}. Try 5 and 1e-5.`)
}
