import type { Merge, OneOrNamed, Recipe, Schedule, Unit } from './contracts.ts'
import { checkRecipe, checkShape } from './check-recipe.ts'
import { checkOptions } from './options.ts'
import type { Shape } from './shape.ts'
import { sum } from './merge.ts'
import { networkOf, type Network } from './network.ts'
import { stageNames } from './stage-names.ts'
import { teaches, type TeacherVariables, type Teaching } from './teacher.ts'
import { unitsOf } from './units.ts'

export interface TrainerOptions {
  /** The shape of one example, as in `[height, width, channels]`. */
  readonly inputShape: Shape
  /** The weights of the recipe's teacher, or of each by its name; only borrowed, for as long as the trainer is used. */
  readonly teacher?: OneOrNamed<TeacherVariables> | undefined
  /** How many examples the data set has, for losses that keep a row for each. */
  readonly examples?: number | undefined
  /** The class of every example of the data set, -1 where it is unknown, for losses that choose among examples. */
  readonly labels?: ArrayLike<number> | undefined
  /**
   * Learns from a batch in parts of so many examples, with the memory of one part and one more forward pass. The
   * gradient is that of the whole batch, which adding up the gradients of parts is not when a loss compares examples;
   * only statistics of a batch, where stages or heads take any, are those of a part.
   */
  readonly microBatch?: number | undefined
}

/** A recipe with all that follows from it for inputs of one shape. */
export interface Prepared extends Pick<Recipe, 'backbone' | 'optimizer' | 'target'> {
  readonly merge: Merge
  readonly schedule: Schedule
  readonly network: Network
  /** What its stages are called, all different. */
  readonly names: readonly string[]
  readonly units: readonly Unit[]
  readonly teacher: Teaching | undefined
  readonly inputShape: Shape
  readonly examples: number | undefined
  readonly labels: ArrayLike<number> | undefined
  readonly microBatch: number | undefined
}

/** Checks a recipe and works out what follows from it. */
export function prepare(recipe: Recipe, options: TrainerOptions): Prepared {
  checkOptions<TrainerOptions>('createTrainer', options, {
    inputShape: 'list',
    teacher: 'record',
    examples: 'number',
    labels: 'list',
    microBatch: 'number'
  })
  const { inputShape, teacher, examples, labels, microBatch } = options
  checkShape('createTrainer', inputShape)
  checkMicroBatch(microBatch)
  checkRecipe(recipe)
  const { backbone, optimizer, merge = sum(), schedule = units => [units], target } = recipe
  const network = networkOf(backbone, inputShape)
  const names = stageNames(backbone.stages)
  const units = unitsOf(recipe, network.shapes)
  return {
    backbone,
    optimizer,
    merge,
    schedule,
    target,
    network,
    names,
    units,
    teacher: recipe.teacher && teaches(recipe.teacher, units, inputShape, teacher),
    inputShape,
    examples,
    labels,
    microBatch
  }
}

function checkMicroBatch(microBatch: number | undefined): void {
  if (microBatch !== undefined && (!Number.isInteger(microBatch) || microBatch < 1)) {
    throw new RangeError(
      `createTrainer: expected a microBatch of 1 or more examples, got ${microBatch}. ` +
        'Leave it out to learn from whole batches.'
    )
  }
}
