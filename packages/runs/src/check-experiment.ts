import type { Experiment } from './experiment.ts'

/** Every field that somebody reads, and whether an experiment must have it. */
const fields: Readonly<Record<keyof Experiment, boolean>> = {
  name: true,
  backbone: true,
  isolation: true,
  head: true,
  loss: true,
  optimizer: true,
  views: true,
  batchSize: true,
  epochs: true,
  schedule: false,
  merge: false,
  auxiliary: false,
  target: false,
  teacher: false,
  sampler: false,
  microBatch: false,
  freeze: false,
  certificate: false,
  data: false,
  examples: false
}

/**
 * Refuses what is no experiment.
 *
 * @throws TypeError if it lacks a field that every experiment has, has one that nobody reads, such as a misspelt one,
 * or a name that no folder can have
 */
export function checkExperiment(experiment: Experiment): void {
  const given = Object.entries((experiment as Partial<Experiment> | undefined) ?? {}).flatMap(([field, value]) =>
    value === undefined ? [] : [field]
  )
  const known = Object.keys(fields) as (keyof Experiment)[]
  const lacking = known.filter(field => fields[field] && !given.includes(field))
  if (lacking.length > 0) throw new TypeError(`recipe: expected an experiment, but it lacks ${lacking.join(', ')}.`)
  if (typeof experiment.name !== 'string' || !isFolderName(experiment.name)) {
    throw new TypeError(
      `recipe: expected a name that a folder can have, got ${JSON.stringify(experiment.name)}. Use letters, digits, ` +
        'spaces, dots and hyphens.'
    )
  }
  const strange = given.find(field => !Object.hasOwn(fields, field))
  if (strange !== undefined)
    throw new TypeError(
      `recipe: expected ${experiment.name} to have fields among ${known.join(', ')}, got ${strange}. ` +
        'Correct its spelling, or leave it out.'
    )
}

/** One that names a folder within another, on every system, and is read whole in a table. */
const isFolderName = (name: string): boolean =>
  name.trim() !== '' && name.length <= 200 && !/^\.{1,2}$|[\\/:*?"|\p{Cc}]/u.test(name)
