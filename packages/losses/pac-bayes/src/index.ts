export { pacBayes, type PacBayesOptions } from './pac-bayes.ts'
