import type { Backbone, LocalLoss, OneOrNamed, Recipe, Sight, Stage, StatefulLoss, Teacher } from './contracts.ts'
import { checkGiven } from './options.ts'
import type { Shape } from './shape.ts'
import { calledTeacher, teachersOf } from './teachers.ts'

/** What a recipe gives for each unit. */
export const functions = {
  isolation: 'overlapping()',
  head: '() => projector({ dims: [128] })',
  loss: '() => ntXent()'
} as const

/** What it may say beside. */
const optional = { schedule: 'sequential()', merge: 'mean()' } as const

/**
 * Insists on the form of a recipe, by itself.
 *
 * @throws TypeError that names the field which is none
 */
export function checkRecipe(recipe: Recipe): void {
  checkGiven('recipe', 'a record, as in { backbone: resNet(), isolation: overlapping(), … }', recipe, 'record')
  checkStages('recipe', recipe.backbone)
  for (const [field, example] of Object.entries({ ...functions, ...optional }) as [keyof typeof functions, string][]) {
    if (typeof recipe[field] === 'function' || (field in optional && recipe[field] === undefined)) continue
    throw new TypeError(`recipe: expected ${field} to be a function, as in ${field}: ${example}.`)
  }
  const { optimizer, auxiliary, target, teacher } = recipe as Partial<Recipe>
  if (typeof optimizer?.init !== 'function' || typeof optimizer.update !== 'function')
    throw new TypeError('recipe: expected an optimizer, as in optimizer: adamW({ learningRate: 1e-3 }).')
  if (auxiliary !== undefined)
    checkGiven('recipe', 'units, as in auxiliary: [linearReadout({ at: 1, classes: 10 })]', auxiliary, 'list')
  if (target !== undefined && typeof (target as Partial<typeof target> | null)?.momentum !== 'function')
    throw new TypeError('recipe: expected a function of the step, as in target: { momentum: () => 0.99 }.')
  if (teacher !== undefined) checkTeachers(teacher)
}

function checkTeachers(given: OneOrNamed<Teacher>): void {
  checkGiven('recipe', 'a teacher, as in teacher: { backbone: resNet(), … }', given, 'record')
  const teachers = teachersOf(given)
  if (teachers.length === 0 || Object.hasOwn(given, '')) checkStages('teacher', given as Teacher & Backbone)
  for (const [name, teacher] of teachers) checkTeacher(name, teacher)
}

function checkTeacher(name: string, teacher: Teacher): void {
  const who = calledTeacher(name)
  checkGiven(who, 'a teacher, as in { backbone: resNet(), … }', teacher, 'record')
  const { backbone, head, reads, sees } = teacher
  if (name === '__proto__' || name.includes('.'))
    throw new TypeError(`${who}: expected a name without dots, which part the names of what is saved. Rename it.`)
  checkStages(who, backbone)
  if (head !== undefined) checkStage(who, head, 'head: linear({ dim: 10 })')
  if (reads !== undefined && typeof reads !== 'function')
    throw new TypeError(`${who}: expected reads to be a function, as in reads: unit => unit.end.`)
  if (sees === undefined) return
  checkShape(who, (sees as Partial<Sight> | null)?.shape as Shape)
  if (typeof sees.views !== 'function')
    throw new TypeError(
      `${who}: expected what it sees as a shape and views, as in sees: { shape: [32, 32, 1], ` +
        'views: ({ examples }) => [examples.depth] }.'
    )
}

/** @throws TypeError for what has no list of stages */
export function checkStages(who: string, backbone: Pick<Backbone, 'stages'>): void {
  const stages = (backbone as Partial<Backbone> | null | undefined)?.stages
  if (!Array.isArray(stages)) throw new TypeError(`${who}: expected a backbone, as in backbone: resNet().`)
  stages.forEach((stage, i) => checkStage(who, stage as Stage, `stageOf('conv', block), at place ${i} of the backbone`))
}

/** @throws TypeError for what is no stage */
export function checkStage(who: string, stage: Stage, example: string): void {
  const { init, apply } = (stage ?? {}) as Partial<Stage>
  if (typeof init !== 'function' || typeof apply !== 'function')
    throw new TypeError(`${who}: expected a stage with init and apply, as in ${example}.`)
}

/** Whether something is a loss of either kind. */
export function isLoss(loss: unknown): loss is LocalLoss {
  const { init, apply } = (loss ?? {}) as Partial<StatefulLoss>
  return typeof loss === 'function' || (typeof init === 'function' && typeof apply === 'function')
}

/** @throws TypeError for what is no loss */
export function checkLoss(who: string, loss: LocalLoss): void {
  if (!isLoss(loss))
    throw new TypeError(`${who}: expected a loss, as ntXent() is, got ${JSON.stringify(loss) ?? typeof loss}.`)
}

/**
 * Insists on the shape of an input, without the batch axis.
 *
 * @throws TypeError unless it is a list of whole numbers above 0
 */
export function checkShape(who: string, shape: Shape): void {
  if (Array.isArray(shape) && shape.every(length => Number.isInteger(length) && length > 0)) return
  throw new TypeError(
    `${who}: expected the shape of one example, as in [height, width, channels], got ${JSON.stringify(shape)}.`
  )
}
