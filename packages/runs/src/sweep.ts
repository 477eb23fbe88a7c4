import { checkGiven, checkOptions } from '@lapstrake/core'
import type { Experiment } from './experiment.ts'

/** Choices for fields of an experiment, each with the name that runs and tables give it. */
export type SweepFields = {
  readonly [Field in Exclude<keyof Experiment, 'name'>]?: Readonly<Record<string, NonNullable<Experiment[Field]>>>
}

/** One experiment, trained with every combination of choices and with every seed. What a sweep file exports. */
export interface Sweep {
  readonly recipe: Experiment
  readonly seeds: readonly number[]
  readonly fields?: SweepFields | undefined
}

/** An experiment of a sweep. */
export interface SweepVariant {
  /** The recipe's name and those of the choices. */
  readonly name: string
  /** The name of the choice for each field. */
  readonly choices: Readonly<Record<string, string>>
  readonly experiment: Experiment
}

/**
 * The experiments of a sweep: every choice of the first field with every choice of the next, and so on.
 *
 * @throws Error if there is no seed, a seed twice, a field without choices, a choice that cannot name a file, or two
 * experiments of one name
 */
export function sweepVariants(sweep: Sweep): readonly SweepVariant[] {
  checkOptions<Sweep>('sweep', sweep, { recipe: 'record', seeds: 'list', fields: 'record' })
  const { recipe, seeds, fields = {} } = sweep
  if (recipe === undefined || seeds === undefined)
    throw new TypeError('sweep: expected a recipe and seeds, as in { recipe, seeds: [0, 1, 2] }.')
  if (
    seeds.length === 0 ||
    new Set(seeds).size < seeds.length ||
    seeds.some(seed => !Number.isSafeInteger(seed) || seed < 0)
  ) {
    throw new Error(
      `sweep: expected seeds that are whole numbers of 0 or more, each once, got [${seeds.join(', ')}]. Try [0, 1, 2].`
    )
  }
  let variants: readonly SweepVariant[] = [{ name: recipe.name, choices: {}, experiment: recipe }]
  for (const [field, values] of Object.entries(fields)) {
    checkGiven('sweep', `choices for ${field} by their names`, values, 'record')
    const named = Object.entries(values)
    if (named.length === 0)
      throw new Error(`sweep: expected choices for ${field}, got none. Leave the field out to keep the recipe's own.`)
    const bad = named.find(([choice]) => !/^[\w.+-]+$/.test(choice))
    if (bad !== undefined)
      throw new Error(
        `sweep: expected a choice for ${field} of letters, digits, dots and hyphens, for it names a folder, ` +
          `got "${bad[0]}".`
      )
    variants = variants.flatMap(({ name, choices, experiment }) =>
      named.map(([choice, value]) => ({
        name: `${name}-${choice}`,
        choices: { ...choices, [field]: choice },
        experiment: { ...experiment, name: `${name}-${choice}`, [field]: value as unknown }
      }))
    )
  }
  const twice = variants.find(({ name }, i) => variants.findIndex(other => other.name === name) < i)
  if (twice !== undefined)
    throw new Error(
      `sweep: expected each experiment to have a name of its own, got ${twice.name} twice. Rename a choice.`
    )
  return variants
}
