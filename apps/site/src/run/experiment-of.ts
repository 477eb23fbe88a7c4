import { checkExperiment, didYouMean, type Experiment } from 'lapstrake'
import { RecipeError } from './recipe-error.ts'

interface Field {
  readonly fits: (value: unknown) => boolean
  readonly expected: string
}

const some: Field['fits'] = value => Number.isInteger(value) && (value as number) > 0
const calls: Field['fits'] = value => typeof value === 'function'

const fields: Readonly<Partial<Record<keyof Experiment, Field>>> = {
  name: { fits: value => typeof value === 'string' && value !== '', expected: "a name: 'my-recipe'" },
  batchSize: { fits: some, expected: 'examples in a step: 64' },
  epochs: { fits: some, expected: 'a number of epochs: 5' },
  views: { fits: Array.isArray, expected: "a list of views: twoViews(simclr({ size: 32, preset: 'cifar' }))" },
  backbone: {
    fits: value => Array.isArray((value as { stages?: unknown } | undefined)?.stages),
    expected: 'a list of stages: convNet({ widths: [32, 64] })'
  },
  isolation: { fits: calls, expected: 'where gradients stop: overlapping()' },
  head: { fits: calls, expected: 'what makes heads: () => projector({ dims: [64] })' },
  loss: { fits: calls, expected: 'what makes losses: () => ntXent()' },
  optimizer: {
    fits: value => calls((value as { update?: unknown } | undefined)?.update),
    expected: 'how parameters move: adamW({ learningRate: 1e-3 })'
  }
}

/**
 * The experiment that a recipe exports.
 *
 * @throws RecipeError without a default export, or with one that is no experiment, naming the first field that is not
 * right
 */
export function experimentOf(exports: Readonly<Record<string, unknown>>): Experiment {
  const { default: experiment } = exports
  if (typeof experiment !== 'object' || experiment === null) {
    throw new RecipeError(
      `recipe: expected a default export, an experiment, got ${inWords(experiment)}. End the file with: ` +
        'export default recipe'
    )
  }
  for (const [name, { fits, expected }] of Object.entries(fields)) {
    const value = (experiment as Record<string, unknown>)[name]
    if (!fits(value)) {
      const others = Object.keys(experiment).filter(field => !Object.hasOwn(fields, field))
      const meant = value === undefined ? others.find(other => didYouMean(other, [name]) !== '') : undefined
      throw new RecipeError(
        `recipe: expected the experiment to have ${name}, ${expected}, got ${inWords(value)}.` +
          (meant === undefined ? '' : ` It has ${meant}: write ${name} instead.`)
      )
    }
  }
  try {
    checkExperiment(experiment as Experiment)
  } catch (cause) {
    throw new RecipeError((cause as Error).message, undefined, { cause })
  }
  return experiment as Experiment
}

function inWords(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return JSON.stringify(value) ?? String(value)
}
