import type { Begun } from './begin.ts'
import type { Batch, Params, Unit } from './contracts.ts'
import type { Learned, Round } from './learned.ts'
import { tensorsOf } from './memory.ts'
import type { State } from './state.ts'
import { namedLeaves } from './tree.ts'

/** @throws Error if a tensor of it was freed */
export function checkLiving(who: string, what: string, tree: unknown): void {
  if (tensorsOf(tree).some(({ isDisposed }) => isDisposed))
    throw new Error(`${who}: expected ${what} to be alive, got what was disposed. Dispose of it behind the step.`)
}

/** @throws RangeError unless it is a place among the parts of a batch, or left out */
export function checkPart(part: number | undefined): void {
  if (part !== undefined && !(Number.isInteger(part) && part >= 0))
    throw new RangeError(`begin: expected the place of a part, 0 or more, got ${part}. Leave it out for a whole batch.`)
}

/** @throws Error unless it holds units of this trainer, each once */
export function checkRound({ units }: Round, known: readonly Unit[]): void {
  const stranger = units.find(unit => !known.includes(unit))
  if (units.length === 0 || stranger !== undefined || new Set(units).size < units.length) {
    const got = units.map(unit => unit?.name ?? String(unit)).join(', ') || 'none'
    throw new Error(
      `learn: expected a round of units of this trainer, each once, got ${got}. Take them from trainer.units.`
    )
  }
}

/** @throws Error if it was found for other examples */
export function checkBegun(begun: Begun, { views }: Batch): void {
  checkLiving('learn', 'what the step began with', begun)
  const rows = views[0].shape[0]
  const other = tensorsOf(begun.shown).find(({ shape }) => shape[0] !== rows)
  if (other !== undefined)
    throw new Error(
      `learn: expected what a step of ${rows} examples began with, got that of ${other.shape[0]}. ` +
        'Each part of a batch begins for itself.'
    )
}

/** @throws Error unless its gradients have the form of the state's parameters */
export function checkLearned(learned: Learned, state: State): void {
  checkLiving('advance', 'what was learned', learned)
  const pairs: (readonly [owner: string, gradients: Params | undefined, params: Params | undefined])[] = [
    ...learned.stages.map(({ gradients }, i) => [`stage ${i}`, gradients, state.stages[i]?.params] as const),
    ...Object.entries(learned.units).flatMap(([name, { headGradients, lossGradients }]) => [
      [`the head of ${name}`, headGradients, state.units[name]?.head.params] as const,
      [`the loss of ${name}`, lossGradients, state.units[name]?.loss.params] as const
    ])
  ]
  const unfit = pairs.find(([, gradients, params]) => gradients !== undefined && formOf(gradients) !== formOf(params))
  if (unfit !== undefined || learned.stages.length !== state.stages.length) {
    const what = unfit === undefined ? `${learned.stages.length} stages` : `other parameters for ${unfit[0]}`
    throw new Error(`advance: expected what was learned from this state or one of its form, got ${what}.`)
  }
}

const formOf = (params: Params | undefined): string =>
  params === undefined ? 'none' : JSON.stringify(namedLeaves(params).map(({ name, value }) => [name, value.shape]))
