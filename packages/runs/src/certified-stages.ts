import {
  dispose,
  leaves,
  mapViews,
  networkOf,
  own,
  seeded,
  unitsOf,
  type Batch,
  type Network,
  type Owned,
  type Random,
  type Shape,
  type Stage,
  type Unit,
  type Variables,
  type Views
} from '@lapstrake/core'
import {
  isStochastic,
  weighPosterior,
  type Posterior,
  type PriorBuffers,
  type WeighedPosterior
} from '@lapstrake/loss-pac-bayes'
import type { CertificateOptions } from './certificate-options.ts'
import type { Experiment } from './experiment.ts'
import type * as tf from '@tensorflow/tfjs-core'

/** A run, as far as a certificate looks at it. */
interface Learned {
  readonly experiment: Experiment
  /** The experiment's backbone, for the images it was trained on. */
  readonly network: Network
  /** What its stages learned. */
  readonly variables: readonly Variables[]
}

/** The stages below a unit, whose weights are distributions. */
export interface CertifiedStages {
  readonly stages: readonly Stage[]
  /** How far each is from its prior. */
  posteriors(): Promise<readonly WeighedPosterior[]>
  /** Embeddings of every view, with weights drawn anew; at the posterior's mean without a `random`. */
  embed(batch: Batch, random: Random | undefined): Views<tf.Tensor2D>
}

/**
 * The stages that a certificate is about.
 *
 * @throws Error if there is no such unit, or a stage or the head learns anything beside the posterior
 */
export function certifiedStages(
  who: string,
  { experiment, network, variables }: Learned,
  about: CertificateOptions
): CertifiedStages {
  const unit = unitOf(who, unitsOf(experiment, network.shapes), about)
  const stages = experiment.backbone.stages.slice(0, unit.end)
  checkStages(who, stages, variables, unit, network.shapes[unit.end]!)
  const plain = networkOf(
    { stages: stages.map(stage => (isStochastic(stage) ? stage.inner : stage)) },
    network.shapes[0]!
  )
  const weights = (random: Random | undefined): readonly Variables[] =>
    stages.map((stage, i) => {
      if (!isStochastic(stage)) return variables[i]!
      const learned = variables[i] as Variables<Posterior, PriorBuffers>
      return random === undefined
        ? { params: learned.params.mean, buffers: learned.buffers.inner }
        : stage.draw(learned, random.split(i))
    })
  return {
    stages,
    posteriors: () =>
      Promise.all(
        stages.flatMap((stage, i) =>
          isStochastic(stage) ? [weighPosterior(stage, variables[i] as Variables<Posterior, PriorBuffers>)] : []
        )
      ),
    embed(batch, random) {
      const drawn = weights(random)
      return mapViews(batch.views, (view, place) => {
        const top = plain.encode(drawn, view, { context: batch.context?.[place] })
        return unit.head.apply({ params: {}, buffers: {} }, top, { training: false }).output as tf.Tensor2D
      })
    }
  }
}

function unitOf(who: string, units: readonly Unit[], { unit: name }: CertificateOptions): Unit {
  const learning = units.filter(({ start, end }) => start < end)
  const unit =
    name === undefined
      ? learning.reduce((top, unit) => (unit.end > top.end ? unit : top))
      : learning.find(unit => unit.name === name)
  if (unit === undefined)
    throw new Error(`${who}: expected one of the units ${learning.map(({ name }) => name).join(', ')}, got "${name}".`)
  return unit
}

function checkStages(
  who: string,
  stages: readonly Stage[],
  variables: readonly Variables[],
  { head, name }: Unit,
  shape: Shape
): void {
  stages.forEach((stage, i) => {
    const { params, buffers } = variables[i]!
    const learnt = isStochastic(stage) ? (buffers as PriorBuffers).inner : [params, buffers]
    if (leaves(learnt as Variables['buffers']).length > 0) {
      throw new Error(
        isStochastic(stage)
          ? `${who}: expected stages that learn nothing beside their posterior, ` +
              `but "${stage.name}" keeps statistics of the data. Use group normalisation, or none.`
          : `${who}: expected stochastic stages below ${name}, but "${stage.name}" has weights without a posterior. ` +
              'Wrap it in stochastic().'
      )
    }
  })
  const { params, buffers } = own(() => head.init(seeded(0), shape))
  const count = leaves(params).length + leaves(buffers).length
  dispose({ params, buffers } as Owned<Variables>)
  if (count > 0)
    throw new Error(
      `${who}: expected a head without weights on ${name}, got "${head.name}". Use identity(), ` +
        'and put layers into a stochastic stage.'
    )
}
