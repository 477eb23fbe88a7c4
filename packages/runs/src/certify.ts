import {
  checkGiven,
  checkOptions,
  mapViews,
  seeded,
  type Loss,
  type Network,
  type Random,
  type Stage,
  type Variables
} from '@lapstrake/core'
import { checkDataset, subset, type Dataset } from '@lapstrake/data'
import {
  chiSquareCertificate,
  chiSquareComplexityOf,
  complexityOf,
  contrastiveHinge,
  contrastiveZeroOne,
  isStochastic,
  riskCertificate,
  supervisedRisk,
  type Certificate,
  type ChiSquareComplexity,
  type Complexity
} from '@lapstrake/loss-pac-bayes'
import * as tf from '@tensorflow/tfjs-core'
import type { CertificateOptions, SupervisedOptions } from './certificate-options.ts'
import { certifiedStages, type CertifiedStages } from './certified-stages.ts'
import { checkCertificate } from './check-certificate.ts'
import { checkExperiment } from './check-experiment.ts'
import type { Experiment } from './experiment.ts'
import { meanOverTuples } from './mean-over-tuples.ts'

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
  /** Among how many runs the one with the least bound is chosen: the bounds of all of them hold at once then. */
  readonly choices?: number | undefined
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
  /** What was paid in place of `complexity`, where tuples depend on each other. */
  readonly chiSquare?: ChiSquareComplexity | undefined
  readonly sampleSize: number
  readonly draws: number
  /** The mean over draws, not yet corrected. */
  readonly empiricalRisk: number
  /** The same on data never seen, when there are some. */
  readonly testRisk?: number | undefined
  /** What it says about a mean classifier, when classes were spoken of. It holds at once with the certificate. */
  readonly supervised?: CertifiedSupervised | undefined
}

/** A bound on what a mean classifier between two classes costs, and so on its error. */
export interface CertifiedSupervised {
  /** The hinge loss, and so the error, is at most this. */
  readonly bound: number
  /** Whether the bound says nothing. */
  readonly vacuous: boolean
  /** What the bound comes of: the contrastive hinge loss is at most this. */
  readonly hinge: number
  /** The contrastive hinge loss on data never seen, when there are some. */
  readonly testHinge?: number | undefined
}

/**
 * Bounds the contrastive zero-one risk of a trained stochastic network, from the very data it learnt from.
 *
 * Every mini-batch of tuples meets weights drawn for it alone, so that one pass over the sample gives as many
 * independent draws as there are batches, whose mean is the risk on the sample (Hoeffding 1963, theorem 1, holds for
 * draws that are not alike).
 *
 * With `certificate.supervised` it bounds the error of a mean classifier between two classes, too, as
 * `(hinge − τ) / (1 − τ)`: the contrastive hinge loss of embeddings of at most a given length is convex, bounded, 1 at
 * a margin of 0 and above the zero-one loss, which is not convex. That holds where a positive is drawn from its
 * anchor's class alone, and not where it is another view of the anchor.
 *
 * @throws Error without a `certificate`, if a stage or the head learns anything beside the posterior, or
 * if a prior has seen an example of the sample
 * @see Nozawa et al. 2020, sections 3.1 and 3.3, https://arxiv.org/abs/1910.04464; the mean classifier: Arora et al.
 * 2019, section 4, https://arxiv.org/abs/1902.09229
 */
export async function certify(options: CertifyOptions): Promise<Certified> {
  checkWhatIsCertified(options)
  const {
    certificate: about,
    training,
    testing,
    delta = 0.04,
    drawsDelta = 0.01,
    choices = 1,
    plugIn = false,
    seed = 0
  } = options
  const { dependence, supervised, precision, largestVariance } = about
  const part = certifiedStages('certify', options, about)
  const [from, to] = about.examples ?? [0, training.size]
  checkPriors(part.stages, from, to)

  const bounds = choices * (supervised === undefined ? 1 : 2)
  const grid = { precision, largestVariance }
  const posteriors = await part.posteriors()
  const complexity = complexityOf(posteriors, { ...grid, delta: delta / bounds })
  const chiSquare = dependence === undefined ? undefined : chiSquareComplexityOf(posteriors, grid)

  const random = seeded(seed).split('certificate')
  const sampled = subset(training, { from, count: to - from })
  const seen = await readTuples(part, options, sampled, random.split('sample'))
  const unseen = testing && (await readTuples(part, options, testing, random.split('test')))

  const certificateOf = (risk: number): Certificate => {
    const sample = {
      risk,
      sampleSize: seen.tuples,
      delta: delta / bounds,
      monteCarlo: plugIn ? ('none' as const) : { draws: seen.batches, delta: drawsDelta / bounds }
    }
    return chiSquare === undefined
      ? riskCertificate({ ...sample, complexity })
      : chiSquareCertificate({ ...sample, complexity: chiSquare, dependence })
  }
  return {
    ...certificateOf(seen.zeroOne),
    confidence: 1 - delta - (plugIn ? 0 : drawsDelta), // of all bounds at once
    complexity,
    chiSquare,
    sampleSize: seen.tuples,
    draws: seen.batches,
    empiricalRisk: seen.zeroOne,
    testRisk: unseen?.zeroOne,
    supervised: supervised && supervisedOf(supervised, certificateOf(seen.hinge!).bound, unseen?.hinge)
  }
}

/** Mean losses over tuples, and how many there were. */
interface Read {
  readonly zeroOne: number
  /** As a part of the largest there can be. */
  readonly hinge: number | undefined
  readonly batches: number
  readonly tuples: number
}

/** Reads the tuples of a data set, with about as many draws of the weights as were asked for. */
async function readTuples(
  stages: CertifiedStages,
  { experiment: { views }, certificate, draws = 2000, onProgress }: CertifyOptions,
  dataset: Dataset,
  random: Random
): Promise<Read> {
  const examples = certificate.negatives + 1 // of a tuple
  const each = certificate.dependence === undefined ? examples : 1 // that the next one does not share
  const atOnce = Math.min(256, Math.max(1, Math.floor(dataset.size / each / draws)))
  const batchSize = Math.max(examples, each * atOnce)
  const losses = lossesOf(certificate)
  const { means, batches } = await meanOverTuples({
    stages,
    dataset,
    views,
    losses,
    batchSize,
    random,
    weights: 'drawn',
    onProgress
  })
  // A mean of float32 may be above its largest term by a hair.
  const [zeroOne, hinge] = means.map(mean => Math.min(1, mean)) as [number, number?]
  return { zeroOne, hinge, batches, tuples: (batches * batchSize) / each }
}

/** The largest hinge loss of embeddings of at most a length: their margins are as far as −2 times its square. */
const largestHinge = ({ longest = 1 }: SupervisedOptions): number => 1 + 2 * longest ** 2

/** What is measured, 0 to 1: the zero-one risk, and the hinge loss where classes are spoken of. */
function lossesOf({ negatives, dependence, supervised }: CertificateOptions): readonly Loss[] {
  const tuples = { negatives, anchors: dependence === undefined ? 'tuples' : 'all' } as const
  const zeroOne = contrastiveZeroOne(tuples)
  if (supervised === undefined) return [zeroOne]
  const hinge = contrastiveHinge(tuples)
  const { longest = 1 } = supervised
  const shortened = (rows: tf.Tensor2D): tf.Tensor2D => {
    const lengths = tf.norm(rows, 'euclidean', 1, true)
    return tf.div(rows, tf.maximum(1, tf.div(lengths, longest)))
  }
  return [
    zeroOne,
    (embeddings, batch) => tf.div(hinge(mapViews(embeddings, shortened), batch), largestHinge(supervised))
  ]
}

function supervisedOf(about: SupervisedOptions, part: number, testPart: number | undefined): CertifiedSupervised {
  const largest = largestHinge(about)
  const hinge = part * largest
  const bound = supervisedRisk(hinge, about.sameClass)
  return { bound, vacuous: !(bound < 1), hinge, testHinge: testPart === undefined ? undefined : testPart * largest }
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
    choices: 'number',
    draws: 'number',
    plugIn: 'boolean',
    seed: 'number',
    onProgress: 'function'
  })
  const { experiment, certificate, network, variables, training, choices = 1, draws = 2000 } = options
  checkCertificate('certify', certificate)
  for (const [what, count, usual] of [
    ['draw', draws, 2000],
    ['choice', choices, 1]
  ] as const)
    if (!Number.isInteger(count) || count < 1)
      throw new RangeError(`certify: expected 1 ${what} or more, got ${count}. Try ${usual}.`)
  checkExperiment(experiment)
  checkGiven('certify', 'the network of a run, as openRun() gives', network, 'record')
  checkGiven('certify', 'what its stages learned, as openRun() gives', variables, 'list')
  checkDataset('certify', training)
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
