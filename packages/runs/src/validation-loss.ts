import { checkGiven, checkOptions, seeded, type Network, type Variables } from '@lapstrake/core'
import { checkDataset, type Dataset } from '@lapstrake/data'
import { contrastiveLogistic } from '@lapstrake/loss-pac-bayes'
import type { CertificateOptions } from './certificate-options.ts'
import { certifiedStages } from './certified-stages.ts'
import { checkCertificate } from './check-certificate.ts'
import { checkExperiment } from './check-experiment.ts'
import type { Experiment } from './experiment.ts'
import { meanOverTuples } from './mean-over-tuples.ts'

export interface ValidationLossOptions {
  readonly experiment: Experiment
  /** What would be certified: its negatives and its unit count. */
  readonly certificate: CertificateOptions
  /** The experiment's backbone, for the images it was trained on. */
  readonly network: Network
  /** What its stages learned. */
  readonly variables: readonly Variables[]
  /** Data that nothing was learned from. */
  readonly validation: Dataset
  /** How often they are gone through, each time with other tuples, views and weights. */
  readonly draws?: number | undefined
  readonly seed?: number | undefined
}

/** Contrastive logistic losses of a stochastic network, in bits. */
export interface ValidationLoss {
  /** The mean over draws of its weights. */
  readonly stochastic: number
  /** With its weights at the posterior's mean. */
  readonly deterministic: number
}

/**
 * The contrastive logistic loss of a stochastic network on data that it has not learned from: what to choose among runs
 * by, where there is more than a certificate can spend. Runs that are compared want one `seed`, so that they meet the
 * same tuples.
 *
 * @throws Error without a `certificate`, or if a stage or the head learns anything beside the posterior
 * @see Nozawa et al. 2020, section 5, https://arxiv.org/abs/1910.04464
 */
export async function validationLoss(options: ValidationLossOptions): Promise<ValidationLoss> {
  checkOptions<ValidationLossOptions>('validationLoss', options, {
    experiment: 'record',
    certificate: 'record',
    network: 'record',
    variables: 'list',
    validation: 'record',
    draws: 'number',
    seed: 'number'
  })
  const { experiment, certificate, network, variables, validation, draws = 10, seed = 0 } = options
  checkCertificate('validationLoss', certificate)
  if (!Number.isInteger(draws) || draws < 1)
    throw new RangeError(`validationLoss: expected 1 draw or more, got ${draws}. Try 10.`)
  checkExperiment(experiment)
  checkGiven('validationLoss', 'the network of a run, as openRun() gives', network, 'record')
  checkGiven('validationLoss', 'what its stages learned, as openRun() gives', variables, 'list')
  checkDataset('validationLoss', validation)
  const { negatives } = certificate
  const tuple = negatives + 1
  const stages = certifiedStages('validationLoss', options, certificate)
  const mean = async (weights: 'drawn' | 'mean'): Promise<number> => {
    const { means } = await meanOverTuples({
      stages,
      dataset: validation,
      views: experiment.views,
      losses: [contrastiveLogistic({ negatives, anchors: 'tuples' })],
      batchSize: tuple * Math.min(256, Math.max(1, Math.floor(validation.size / tuple))),
      random: seeded(seed).split('validation'),
      weights,
      passes: draws
    })
    return means[0]!
  }
  return { stochastic: await mean('drawn'), deterministic: await mean('mean') }
}
