import { checkGiven, checkOptions, checkRecipe, teachersOf } from '@lapstrake/core'
import { isData, type Dataset } from '@lapstrake/data'
import { calledTeacher } from './called-teacher.ts'
import type { Beginning, Experiment } from './experiment.ts'

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
  begins: false,
  sampler: false,
  microBatch: false,
  data: false
}

/** Fields that an experiment once had, and what to write now. */
const moved: Readonly<Record<string, string>> = {
  freeze: "Write: schedule: untilPlateau({ patience: 500 }) with import { untilPlateau } from 'lapstrake'",
  certificate: 'Write beside the recipe, not into it: export const certificate = { negatives: 1 }'
}

/**
 * Refuses what is no experiment.
 *
 * @throws TypeError if it lacks a field that every experiment has, has one that nobody reads, such as a misspelt one,
 * or a name that no folder can have; or if its data are none, as in a recipe that names them by a string
 */
export function checkExperiment(experiment: Experiment): void {
  checkGiven('recipe', 'an experiment, as in { name, backbone, … }', experiment, 'record')
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
  checkData(experiment)
  const elsewhere = given.find(field => Object.hasOwn(moved, field))
  if (elsewhere !== undefined)
    throw new TypeError(`recipe: expected ${experiment.name} without the field ${elsewhere}. ${moved[elsewhere]}`)
  const strange = given.find(field => !Object.hasOwn(fields, field))
  if (strange !== undefined)
    throw new TypeError(
      `recipe: expected ${experiment.name} to have fields among ${known.join(', ')}, got ${strange}. ` +
        'Correct its spelling, or leave it out.'
    )
  checkRecipe(experiment)
  checkHowLong(experiment)
}

/** What an experiment has beside a recipe. Whether batches fit the data, whoever reads these says. */
function checkHowLong({ backbone, views, batchSize, epochs, microBatch, sampler, teacher, begins }: Experiment): void {
  if (!Array.isArray(views) || views.length === 0)
    throw new TypeError('recipe: expected a list of views, as in views: twoViews(simclr({ size: 32 })).')
  for (const [name, value] of Object.entries({ batchSize, microBatch })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new RangeError(`recipe: expected a ${name} of 1 example or more, got ${JSON.stringify(value)}. Try 64.`)
  }
  if (typeof epochs !== 'number')
    throw new TypeError(`recipe: expected a number of epochs, got ${JSON.stringify(epochs)}. Try 100.`)
  if (sampler !== undefined && typeof sampler !== 'function')
    throw new TypeError('recipe: expected sampler to be a function, as in sampler: shuffled().')
  for (const [name, one] of teachersOf(teacher)) checkSource(calledTeacher(name), one)
  if (begins === undefined) return
  checkGiven('begins', 'what others learned, as in { trainedBy: experiment }', begins, 'record')
  checkOptions<AllOf<Beginning>>('begins', begins, { stages: 'number', weights: 'function', trainedBy: 'record' })
  checkSource('begins', begins)
  const [{ stages = 1 }, depth] = [begins, backbone.stages.length]
  if (!(Number.isInteger(stages) && stages > 0 && stages <= depth))
    throw new RangeError(
      `begins: expected stages from 1 to ${depth}, as many as there are, got ${JSON.stringify(stages)}. ` +
        'Leave them out for all.'
    )
}

/** Every field that one of several forms has. */
type AllOf<T> = { readonly [Name in T extends unknown ? keyof T : never]?: unknown }

/** Insists on weights that are read, or an experiment that learns them. */
function checkSource(who: string, source: object): void {
  const { weights, trainedBy } = source as { readonly weights?: unknown; readonly trainedBy?: unknown }
  const isTrained = typeof trainedBy === 'object' && trainedBy !== null
  if (typeof weights !== 'function' && !isTrained)
    throw new TypeError(
      `${who}: expected the weights of one, as in ` +
        "weights: () => readFile('runs/teacher/weights.safetensors'), or an " +
        'experiment that it is trained by, as in trainedBy: experiment.'
    )
  if (!isTrained) return
  if (weights !== undefined)
    throw new TypeError(`${who}: expected weights or an experiment that learns them, got both. Leave out one.`)
  try {
    checkExperiment(trainedBy as Experiment)
  } catch (error) {
    throw new TypeError(`${who}: trainedBy is no experiment that can run. ${(error as Error).message}`, {
      cause: error
    })
  }
}

/** An experiment as it was written when it named its data and said how many examples to use. */
interface NamedData {
  readonly name: string
  readonly data?: unknown
  readonly examples?: number | undefined
}

function checkData({ name, data, examples }: Experiment & NamedData): void {
  if (data === undefined && examples === undefined) return
  if (isData(data) && examples === undefined) return
  const limit = examples === undefined ? '' : `limit: ${inThousands(examples)}`
  if (isData(data) || data === undefined) {
    throw new TypeError(
      `recipe: expected the data of ${name} to say how many examples to use, got examples: ` +
        `${inThousands(examples!)}. ` +
        `Write it into the data, as in data: shapes({ ${limit} })`
    )
  }
  const given: unknown = data
  if (isOpenDataset(given)) {
    throw new TypeError(
      `recipe: expected the data of ${name} to be a value, as cifar10() is, got the data set ${given.name}, which is ` +
        'open. Write: data: dataOf({ name, ...holdOut(dataset) }), or dataOf({ name, train, test }), with import ' +
        "{ dataOf, holdOut } from 'lapstrake'"
    )
  }
  const got = typeof data === 'string' ? `'${data}'` : (JSON.stringify(data) ?? String(data))
  throw new TypeError(
    `recipe: expected the data of ${name} to be a value, as cifar10() is, got ${got.slice(0, 80)}. ` +
      `Write: ${typeof data === 'string' ? lineFor(data, limit) : usualLine}`
  )
}

/** What `inMemory` gives. */
const isOpenDataset = (data: unknown): data is Dataset =>
  typeof (data as Partial<Dataset> | null)?.read === 'function' &&
  typeof (data as Partial<Dataset>).collate === 'function'

const usualLine = "data: shapes() with import { shapes } from 'lapstrake'"

/** The line of a recipe for data that were told by name, and the import that it needs. */
function lineFor(name: string, limit: string): string {
  const isArrays = /\.npz$/i.test(name)
  const isPath = isArrays || /[/\\.]/.test(name)
  const factory = isArrays ? 'npz' : isPath ? 'imageFolder' : name.replace(/-./g, ([, letter]) => letter!.toUpperCase())
  const options = [isPath && !isArrays ? 'size: 32' : '', limit].filter(part => part !== '').join(', ')
  const given = [isPath ? `'${name}'` : '', options && `{ ${options} }`].filter(part => part !== '').join(', ')
  return `data: ${factory}(${given}) with import { ${factory} } from 'lapstrake'`
}

const inThousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, '_')

/** One that names a folder within another, on every system, and is read whole in a table. */
const isFolderName = (name: string): boolean =>
  name.trim() !== '' && name.length <= 200 && !/^\.{1,2}$|[\\/:*?"|\p{Cc}]/u.test(name)
