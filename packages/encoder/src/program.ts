import type { Shape } from '@lapstrake/core'
import { isWritten, type Written } from './attributes.ts'

/** What goes into a kernel: a value by its number, or a constant by its name; one that is repeated for each image. */
export type Argument = number | string | { readonly forEach: string }

/** One kernel of TensorFlow.js. Its results get the next numbers. */
export interface Instruction {
  readonly kernel: string
  /** By name, or in their order for a kernel that takes a list. */
  readonly inputs: Readonly<Record<string, Argument>> | readonly Argument[]
  readonly attributes: Readonly<Record<string, Written>>
  /** How many results there are. */
  readonly results: number
}

/** A network as kernels in their order. Values are numbered as they come about; 0 is the input. */
export interface Program {
  readonly instructions: readonly Instruction[]
  /** The value at each level, from the input to what leaves the last stage. */
  readonly levels: readonly number[]
  /** The shape at each level, without the batch. */
  readonly shapes: readonly Shape[]
}

/**
 * A program from its text.
 *
 * @param constants the names of those that there are
 * @param fail is told what is wrong, in words that go on from "whose"
 */
export function parseProgram(text: string, constants: ReadonlySet<string>, fail: (what: string) => never): Program {
  const { instructions, levels, shapes } = recordIn(text) ?? fail('program is no JSON')
  if (!Array.isArray(instructions)) return fail('program has no instructions')
  let made = 1
  const isArgument = (value: unknown): boolean =>
    typeof value === 'number'
      ? Number.isInteger(value) && value >= 0 && value < made
      : constants.has((isRecord(value) ? value.forEach : value) as string)
  for (const [i, instruction] of instructions.entries()) {
    const { kernel, inputs, attributes, results } = isRecord(instruction) ? instruction : {}
    const damaged = (what: string): never => fail(`instruction ${i} ${what}`)
    if (typeof kernel !== 'string') return damaged('names no kernel')
    if (typeof inputs !== 'object' || inputs === null || !Object.values(inputs).every(isArgument))
      damaged('takes what is not there')
    if (!isRecord(attributes) || !Object.values(attributes).every(isWritten)) damaged('has attributes that are none')
    if (!isCount(results) || results < 1) return damaged('has no results')
    made += results
  }
  const areLevels = Array.isArray(levels) && levels.every(value => isCount(value) && value < made)
  if (!areLevels || levels.length < 2 || levels[0] !== 0) return fail('levels are not among its values')
  const areShapes = Array.isArray(shapes) && shapes.every(shape => Array.isArray(shape) && shape.every(isCount))
  if (!areShapes || shapes.length !== levels.length) return fail('levels have no shapes')
  return { instructions: instructions as readonly Instruction[], levels, shapes }
}

function recordIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return isRecord(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
