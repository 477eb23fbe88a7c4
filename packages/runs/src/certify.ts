import {
  checkGiven,
  checkOptions,
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
  type Variables
} from '@lapstrake/core'
import { checkDataset, loader, subset, type Dataset } from '@lapstrake/data'
import {
  complexityOf,
  contrastiveZeroOne,
  isStochastic,
  riskCertificate,
  weighPosterior,
  type Certificate,
  type Complexity,
  type Posterior,
  type PriorBuffers
} from '@lapstrake/loss-pac-bayes'
import { checkExperiment } from './check-experiment.ts'
import type { CertificateOptions } from './certificate-options.ts'
import type { Experiment } from './experiment.ts'
import type * as tf from '@tensorflow/tfjs-core'

export interface CertifyOptions {
  readonly experiment: Experiment
  /** What is to be certified. */
  readonly certificate: CertificateOptions
  /** The experiment's backbone, for the images it was trained on. */
  readonly network: Network
  /** What its stages learned. */
  readonly variables: readonly Variables[]
  /** The training data. */
  readonly training: Dataset
  /** Data that were never seen, to measure the risk that is bounded. */
  readonly testing?: Dataset | undefined
  /** The chance that the bound fails; the draws may mislead with another `drawsDelta`. Together 0.05. */
  readonly delta?: number | undefined
  readonly drawsDelta?: number | undefined
  /** Draws of the weights, about; each meets tuples of its own. */
  readonly draws?: number | undefined
  /** Pays nothing for the draws: an estimate, as published figures are. */
  readonly plugIn?: boolean | undefined
  readonly seed?: number | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** A certificate with what went into it. */
export interface Certified extends Certificate {
  readonly complexity: Complexity
  readonly sampleSize: number
  readonly draws: number
  /** The mean over draws, not yet corrected. */
  readonly empiricalRisk: number
  /** The same on data never seen, when there are some. */
  readonly testRisk?: number | undefined
}

/**
 * Bounds the contrastive zero-one risk of a trained stochastic network, from the very data it learnt from.
 *
 * Every mini-batch of tuples meets weights drawn for it alone, so that one pass over the sample gives as many
 * independent draws as there are batches, whose mean is the risk on the sample (Hoeffding 1963, theorem 1, holds for
 * draws that are not alike).
 *
 * @throws Error without a `certificate`, if a stage or the head learns anything beside the posterior, or
 * if a prior has seen an example of the sample
 */
export async function certify(options: CertifyOptions): Promise<Certified> {
  checkWhatIsCertified(options)
  const {
    experiment,
    certificate: about,
    network,
    variables,
    training,
    testing,
    delta = 0.04,
    drawsDelta = 0.01,
    draws = 2000,
    plugIn = false,
    seed = 0,
    onProgress
  } = options
  const unit = unitOf(unitsOf(experiment, network.shapes), about)
  const stages = experiment.backbone.stages.slice(0, unit.end)
  const [from, to] = about.examples ?? [0, training.size]
  checkStages(stages, variables, unit, network.shapes[unit.end]!)
  checkPriors(stages, from, to)

  const random = seeded(seed).split('certificate')
  const posteriors = await Promise.all(
    stages.flatMap((stage, i) =>
      isStochastic(stage) ? [weighPosterior(stage, variables[i] as Variables<Posterior, PriorBuffers>)] : []
    )
  )
  const { precision, largestVariance } = about
  const complexity = complexityOf(posteriors, { delta, precision, largestVariance })
  const read = readerOf({ stages, variables, unit, negatives: about.negatives }, network.shapes[0]!)
  const seen = await riskOf(
    read,
    experiment,
    subset(training, { from, count: to - from }),
    draws,
    random.split('sample'),
    onProgress
  )
  const unseen = testing && (await riskOf(read, experiment, testing, draws, random.split('test'), onProgress))
  return {
    ...riskCertificate({
      risk: seen.risk,
      complexity,
      sampleSize: seen.tuples,
      delta,
      monteCarlo: plugIn ? 'none' : { draws: seen.draws, delta: drawsDelta }
    }),
    complexity,
    sampleSize: seen.tuples,
    draws: seen.draws,
    empiricalRisk: seen.risk,
    testRisk: unseen?.risk
  }
}

/** Refuses options that are none, before anything is drawn. */
function checkWhatIsCertified(options: CertifyOptions): void {
  checkOptions<CertifyOptions>('certify', options, {
    experiment: 'record',
    certificate: 'record',
    network: 'record',
    variables: 'list',
    training: 'record',
    testing: 'record',
    delta: 'number',
    drawsDelta: 'number',
    draws: 'number',
    plugIn: 'boolean',
    seed: 'number',
    onProgress: 'function'
  })
  const { experiment, certificate: about, network, variables, training, draws = 2000 } = options
  if (!(about?.negatives >= 1))
    throw new Error(
      'certify: expected a recipe that exports what to certify, got none. Add to its file: ' +
        'export const certificate = ' +
        '{ negatives: 1 }; and make its stages stochastic().'
    )
  checkOptions<CertificateOptions>('certificate', about, {
    negatives: 'number',
    examples: 'list',
    unit: 'string',
    precision: 'number',
    largestVariance: 'number'
  })
  if (!Number.isInteger(about.negatives))
    throw new RangeError(`certificate: expected a whole number of negatives above 0, got ${about.negatives}. Try 1.`)
  if (!Number.isInteger(draws) || draws < 1)
    throw new RangeError(`certify: expected 1 draw or more, got ${draws}. Try 2000.`)
  checkExperiment(experiment)
  checkGiven('certify', 'the network of a run, as openRun() gives', network, 'record')
  checkGiven('certify', 'what its stages learned, as openRun() gives', variables, 'list')
  checkDataset('certify', training)
}

interface Reader {
  /** Examples of a tuple: an anchor's, and its negatives'. */
  readonly tuple: number
  /** The zero-one risk of a batch, with weights drawn anew. */
  risk(batch: Batch, random: Random): Owned<tf.Scalar>
}

/** Reads a unit through stages whose weights are drawn from their posteriors. */
function readerOf(
  {
    stages,
    variables,
    unit,
    negatives
  }: {
    readonly stages: readonly Stage[]
    readonly variables: readonly Variables[]
    readonly unit: Unit
    readonly negatives: number
  },
  inputShape: Shape
): Reader {
  const network = networkOf({ stages: stages.map(stage => (isStochastic(stage) ? stage.inner : stage)) }, inputShape)
  const zeroOne = contrastiveZeroOne({ negatives, anchors: 'tuples' })
  const draw = (random: Random): readonly Variables[] =>
    stages.map((stage, i) =>
      isStochastic(stage)
        ? stage.draw(variables[i] as Variables<Posterior, PriorBuffers>, random.split(i))
        : variables[i]!
    )
  return {
    tuple: negatives + 1,
    risk: (batch, random) =>
      own(() => {
        const drawn = draw(random)
        const embeddings = mapViews(batch.views, (view, place) => {
          const top = network.encode(drawn, view, { context: batch.context?.[place] })
          return unit.head.apply({ params: {}, buffers: {} }, top, { training: false }).output as tf.Tensor2D
        })
        return zeroOne(embeddings, batch)
      })
  }
}

/** The mean zero-one risk over tuples, each batch of them with weights of its own. */
async function riskOf(
  { tuple, risk: riskOfBatch }: Reader,
  { views }: Experiment,
  dataset: Dataset,
  draws: number,
  random: Random,
  onProgress: CertifyOptions['onProgress']
): Promise<{ readonly risk: number; readonly draws: number; readonly tuples: number }> {
  const tuples = Math.min(256, Math.max(1, Math.floor(dataset.size / tuple / draws)))
  const source = loader(dataset, { batchSize: tuples * tuple, random, views })
  let sum = 0
  let done = 0
  for await (const { batch } of source.batches()) {
    const risk = riskOfBatch(batch, random.split('weights', done))
    dispose(batch)
    sum += (await risk.data())[0]!
    risk.dispose()
    done += 1
    onProgress?.(done, source.batchesPerEpoch)
    if (done === source.batchesPerEpoch) break
  }
  return { risk: sum / done, draws: done, tuples: done * tuples }
}

function unitOf(units: readonly Unit[], { unit: name }: CertificateOptions): Unit {
  const learning = units.filter(({ start, end }) => start < end)
  const unit =
    name === undefined
      ? learning.reduce((top, unit) => (unit.end > top.end ? unit : top))
      : learning.find(unit => unit.name === name)
  if (unit === undefined)
    throw new Error(`certify: expected one of the units ${learning.map(({ name }) => name).join(', ')}, got "${name}".`)
  return unit
}

function checkStages(
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
          ? 'certify: expected stages that learn nothing beside their posterior, ' +
              `but "${stage.name}" keeps statistics of the data. Use group normalisation, or none.`
          : `certify: expected stochastic stages below ${name}, but "${stage.name}" has weights without a posterior. ` +
              'Wrap it in stochastic().'
      )
    }
  })
  const { params, buffers } = own(() => head.init(seeded(0), shape))
  const count = leaves(params).length + leaves(buffers).length
  dispose({ params, buffers } as Owned<Variables>)
  if (count > 0)
    throw new Error(
      `certify: expected a head without weights on ${name}, got "${head.name}". Use identity(), ` +
        'and put layers into a stochastic stage.'
    )
}

function checkPriors(stages: readonly Stage[], from: number, to: number): void {
  for (const stage of stages) {
    if (!isStochastic(stage) || stage.prior === undefined || stage.prior.trainedOn === 'other data') continue
    const [first, last] = stage.prior.trainedOn
    if (first < to && from < last) {
      throw new Error(
        `certify: expected a prior that has seen nothing of the sample, but that of "${stage.name}" was trained on ` +
          `examples ${first} to ${last} and the sample is ` +
          `${from} to ${to}. Certify with the others: certificate: { …, examples: [${last}, …] }.`
      )
    }
  }
}
