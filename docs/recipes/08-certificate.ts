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
 * PB-CURL (Nozawa et al. 2020): a network whose weights are a distribution, and a bound on how often it takes another
 * image for the other view of the same.
 *
 * The paper carries the theory of contrast to PAC-Bayes, trains by the bound that comes of it, and gets bounds that say
 * something, at an accuracy that keeps up.
 *
 * The lines: `stochastic` gives each weight of a stage a mean and a spread, `priorLogStd` how wide it is before
 * anything is learned. `contrastiveLogistic` is the loss that the theory is about, with one negative, and `klObjective`
 * adds what it costs to move away from the prior. `certificate` says what is certified.
 *
 * Expect the mean classifier well above raw pixels and the untrained network: it takes the class whose mean row has the
 * largest inner product with that of an image, and learns nothing else. A linear readout finds more in the raw pixels
 * of Fashion-MNIST than in so small a network.
 *
 * Look at the price: the same network without a certificate reads as well by the readout, and better by the mean
 * classifier.
 *
 *     npm run lapstrake -- train docs/recipes/08-certificate.ts
 *     npm run lapstrake -- certify runs/certificate-0
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

/** What a certificate costs: the same network, each weight one number that is free to go where it will. */
export const against: readonly Experiment[] = [{ ...recipe, name: 'plain', backbone: plain }]

export default recipe
