import { DeviceLost, OutOfRoom } from 'lapstrake'
import type { Blame, RunEvent } from './protocol.ts'
import { lineOf, RecipeError } from './recipe-error.ts'

/** How far a run has come, for the case that it fails. */
export interface Standing {
  /** What is to blame where the error does not say. */
  blame: Blame
  step: number
  /** The run as it was last kept, where a GPU may be lost. */
  kept?: Extract<RunEvent, { kind: 'lost' }>['kept'] | undefined
}

/** What is told of an error that ended a run of a recipe. */
export function failureOf(error: unknown, recipe: string, { blame, step, kept }: Standing): RunEvent {
  const message = messageOf(error)
  if (isLost(error)) return { kind: 'lost', step, message, kept }
  const line = error instanceof RecipeError ? error.line : lineOf(recipe, error)
  if (line !== undefined) return { kind: 'error', blame: 'recipe', message, line }
  return { kind: 'error', blame: error instanceof OutOfRoom ? 'backend' : blame, message }
}

const isLost = (error: unknown): boolean =>
  error instanceof DeviceLost || (error instanceof Error && isLost(error.cause))

/** An error's message. Engines have no class for memory that ran out and say nothing that helps: that is added. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return /allocation failed|out of memory|could not allocate/i.test(message)
    ? `Out of memory: ${message}. Try a smaller batch, narrower stages or fewer images.`
    : message
}
