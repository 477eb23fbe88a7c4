import { checkGiven, didYouMean, mapTeachers, teachersOf } from '@lapstrake/core'
import { checkExperiment } from '../check-experiment.ts'
import type { Experiment, TrainedTeacher } from '../experiment.ts'

/**
 * Values, as they are typed, by where they stand: `{ batchSize: '32', 'teacher.trainedBy.epochs': '1' }`. Where a
 * recipe file exports a function, its `options` stand there too.
 */
export type Settings = Readonly<Record<string, string>>

/** What a recipe file exports by default: a recipe, or a function that makes one of the options exported beside. */
export type ExperimentOrMaker = Experiment | ((options: object) => Experiment)

/** A place that a recipe does not have, or a value of another type than stands there. */
export class WrongSetting extends Error {
  override readonly name = 'WrongSetting'
}

/**
 * The recipe with these values, and a name that tells it from the one without them.
 *
 * @param exports what its file exports beside
 * @throws WrongSetting for a place that it does not have, and for a value of another type than stands there
 * @throws TypeError for a function without options, and for what is no experiment
 */
export function withSettings(
  made: ExperimentOrMaker,
  exports: Readonly<Record<string, unknown>>,
  settings: Settings
): Experiment {
  checkGiven('recipe', "settings, as in { batchSize: '32' }", settings, 'record')
  const options = typeof made === 'function' ? optionsIn(exports) : {}
  const mine = Object.entries(settings).filter(([place]) => Object.hasOwn(options, place))
  const rest = Object.entries(settings).filter(([place]) => !Object.hasOwn(options, place))
  const chosen = mine.map(([place, text]) => [place, valueLike(place, options[place]!, text)] as const)
  let experiment = typeof made === 'function' ? made({ ...options, ...Object.fromEntries(chosen) }) : made
  if (rest.length > 0) checkExperiment(experiment)
  for (const [place, text] of rest) {
    const found = placesIn(experiment).get(place)
    if (found === undefined) throw unknownPlace(place, experiment, Object.keys(options))
    const changed = { ...found.of, [found.field]: valueLike(place, 0, text) }
    experiment = substituted(experiment, found.of, changed)
  }
  const said = Object.entries(settings).map(
    ([place, text]) => `-${place}=${text.replaceAll(/[\\/:*?"|\p{Cc}]/gu, '_')}`
  )
  return said.length === 0 ? experiment : { ...experiment, name: `${experiment.name}${said.join('')}` }
}

/** Where values may be set in an experiment, beside the options that its file exports. */
export const settableIn = (experiment: Experiment): readonly string[] => {
  checkGiven('settableIn', 'an experiment', experiment, 'record')
  return [...placesIn(experiment).keys()]
}

/** Fields that are numbers; others are values that somebody made, and nobody can look into. */
const fields = ['batchSize', 'epochs', 'microBatch'] as const

interface Place {
  readonly of: Experiment
  readonly field: (typeof fields)[number]
}

/** The plain fields of an experiment and of those that are trained first for it. */
function placesIn(experiment: Experiment, before = ''): ReadonlyMap<string, Place> {
  const { begins, teacher } = experiment
  const first = [
    ...(begins !== undefined && 'trainedBy' in begins ? [[`${before}begins`, begins.trainedBy] as const] : []),
    ...teachersOf(teacher).flatMap(([name, one]) =>
      'trainedBy' in one ? [[`${before}teacher${name && `.${name}`}`, one.trainedBy] as const] : []
    )
  ]
  return new Map([
    ...fields.map(field => [`${before}${field}`, { of: experiment, field }] as const),
    ...first.flatMap(([place, one]) => [...placesIn(one, `${place}.trainedBy.`)])
  ])
}

/** The same experiment with another in the place of one: of teachers that share it, all go on sharing. */
function substituted(experiment: Experiment, one: Experiment, other: Experiment): Experiment {
  if (experiment === one) return other
  const { begins, teacher } = experiment
  return {
    ...experiment,
    ...(begins !== undefined &&
      'trainedBy' in begins && { begins: { ...begins, trainedBy: substituted(begins.trainedBy, one, other) } }),
    ...(teacher !== undefined && {
      teacher: mapTeachers<TrainedTeacher, TrainedTeacher>(teacher, each =>
        'trainedBy' in each ? { ...each, trainedBy: substituted(each.trainedBy, one, other) } : each
      )
    })
  }
}

type Value = string | number | boolean

function optionsIn({ options }: Readonly<Record<string, unknown>>): Readonly<Record<string, Value>> {
  const isPlain =
    typeof options === 'object' &&
    options !== null &&
    Object.values(options).every(value => ['string', 'number', 'boolean'].includes(typeof value))
  if (isPlain) return options as Readonly<Record<string, Value>>
  throw new TypeError(
    'recipe: expected a function to stand beside its options, numbers, words and flags, but the file exports none. ' +
      'Write: export const options = { learningRate: 2e-3 }'
  )
}

/** A value of the type that stands there now. */
function valueLike(place: string, now: Value, text: string): Value {
  checkGiven('recipe', `a text for ${place}`, text, 'string')
  const wrong = (kind: string): WrongSetting =>
    new WrongSetting(`--set: expected ${kind} for ${place}, got ${text || 'nothing'}. Write ${place}=${now}.`)
  if (typeof now === 'boolean') {
    if (text !== 'true' && text !== 'false') throw wrong('true or false')
    return text === 'true'
  }
  if (typeof now === 'string') return text
  if (text.trim() === '' || !Number.isFinite(Number(text))) throw wrong('a number')
  return Number(text)
}

function unknownPlace(place: string, experiment: Experiment, options: readonly string[]): WrongSetting {
  const known = [...options, ...placesIn(experiment).keys()]
  const [field = place, option = 'learningRate'] = place.split('.')
  const isMade = Object.hasOwn(experiment, field) && !known.some(one => `${one}.`.startsWith(`${field}.`))
  const how = isMade
    ? ` What ${field} holds was made in the file, and cannot be looked into. Export a function of what is to be ` +
      `set: export const options = { ${option}: … }, export default ({ ${option} }) => ({ … }).`
    : didYouMean(place, known)
  return new WrongSetting(`--set: expected one of ${known.join(', ')}, got ${place}.${how}`)
}
