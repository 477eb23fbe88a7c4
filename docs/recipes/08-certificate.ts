import {
  adamW,
  type CertificateOptions,
  contrastiveLogistic,
  convNet,
  endToEnd,
  fashionMnist,
  identity,
  klObjective,
  randomResizedCrop,
  stochastic,
  twoViews,
  warmupCosine,
  type Experiment
} from 'lapstrake'

/**
 * 60,000 images make 30,000 tuples: an anchor with its other view, and one negative. A third of that holds closer to
 * the prior.
 */
const objective = klObjective({ inverseTemperature: 10_000 })
const plain = convNet({ widths: [16, 32, 64], strides: [2, 2, 2], layers: 1, norm: 'group' })

/**
 * A network whose weights are a distribution, and a bound on how often it takes another image for the other view of the
 * same (PB-CURL, Nozawa et al. 2020). Certify the run with: npm run lapstrake -- certify runs/certificate-0
 *
 *     npm run --silent study:recipe -- docs/recipes/08-certificate.ts
 */
const recipe: Experiment = {
  name: 'certificate',
  data: fashionMnist(),
  batchSize: 128,
  epochs: 2,
  views: twoViews(randomResizedCrop({ size: 28, scale: [0.5, 1] })),
  backbone: {
    name: 'stochastic',
    stages: plain.stages.map(stage => stochastic(stage, { objective, priorLogStd: -3 }))
  },
  isolation: endToEnd(),
  head: () => identity(),
  loss: () => contrastiveLogistic(),
  optimizer: adamW({ learningRate: warmupCosine({ peak: 3e-3, warmup: 100, total: 936 }), weightDecay: 0 })
}

/** What is certified: with one negative, as the loss has. */
export const certificate: CertificateOptions = { negatives: 1 }

export default recipe
