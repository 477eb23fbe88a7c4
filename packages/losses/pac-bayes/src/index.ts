export { riskCertificate, chiSquareCertificate, sayCertificate, supervisedRisk } from './certificate.ts'
export type { Certificate, ChiSquareCertificateOptions, MonteCarlo, RiskCertificateOptions } from './certificate.ts'
export {
  chiSquareComplexityOf,
  complexityOf,
  type ChiSquareComplexity,
  type ChiSquareComplexityOptions,
  type Complexity,
  type ComplexityOptions
} from './complexity.ts'
export { contrastiveHinge, contrastiveLogistic, contrastiveZeroOne, type ContrastiveOptions } from './contrastive.ts'
export { contrastiveMargins, hingeLoss, logisticLoss, zeroOneLoss } from './contrastive-losses.ts'
export { gaussianKL, logGaussianChiSquare, type Compared, type Direction } from './divergences.ts'
export {
  binaryKL,
  catoniBound,
  catoniGrid,
  klInverse,
  type CatoniGridOptions,
  type CatoniOptions
} from './kl-inverse.ts'
export {
  chiSquareObjective,
  klObjective,
  type ChiSquareObjectiveOptions,
  type KLObjectiveOptions,
  type Objective
} from './objectives.ts'
export type { PriorGrid } from './prior-grid.ts'
export type { Posterior } from './posterior.ts'
export {
  isStochastic,
  stochastic,
  type PriorBuffers,
  type StochasticOptions,
  type StochasticStage,
  type TrainedPrior
} from './stochastic.ts'
export { chiSquareDivergence, klDivergence, weighPosterior, type WeighedPosterior } from './weighed-posterior.ts'
