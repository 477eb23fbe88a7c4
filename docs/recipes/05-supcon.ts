import { crossEntropy, linear, supCon, type Experiment } from 'lapstrake'
import loco from './03-loco.ts'

/**
 * Supervised contrast (Khosla et al. 2020) under LoCo: every unit pulls together the rows of one class, of both views.
 *
 *     npm run --silent study -- docs/recipes/05-supcon.ts
 */
const recipe: Experiment = { ...loco, name: 'supcon', loss: () => supCon({ temperature: 0.1 }) }

/** The same units, each a classifier. */
export const against: readonly Experiment[] = [
  { ...loco, name: 'cross-entropy', head: () => linear({ dim: 10 }), loss: () => crossEntropy() }
]

export default recipe
