import { crossEntropy, fashionMnist, linear, randomResizedCrop, supCon, twoViews, type Experiment } from 'lapstrake'
import loco from './03-loco.ts'

/** LoCo's units on grey images, whose views are crops alone. */
const units: Omit<Experiment, 'name'> = {
  ...loco,
  data: fashionMnist({ limit: 10_000 }),
  views: twoViews(randomResizedCrop({ size: 28, scale: [0.5, 1] }))
}

/**
 * Supervised contrast (Khosla et al. 2020) under LoCo: every unit pulls together the rows of one class, of both views.
 *
 *     npm run --silent study:recipe -- docs/recipes/05-supcon.ts
 */
const recipe: Experiment = { ...units, name: 'supcon', loss: () => supCon({ temperature: 0.1 }) }

/** The same units, each a classifier. */
export const against: readonly Experiment[] = [
  { ...units, name: 'cross-entropy', head: () => linear({ dim: 10 }), loss: () => crossEntropy() }
]

export default recipe
