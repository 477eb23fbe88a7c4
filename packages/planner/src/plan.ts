import {
  checkOptions,
  checkRecipe,
  checkShape,
  createTrainer,
  dispose,
  leaves,
  meterMemory,
  stageNames,
  tensorsOf,
  untrainedTeacher,
  vjp,
  type Batch,
  type Recipe,
  type Shape,
  type Span,
  type Stage
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { dryRun, type DryRun } from './dry-run.ts'

/** What is to be planned for. */
export interface PlanOptions {
  /** The shape of one example, as in `[height, width, channels]`. */
  readonly inputShape: Shape
  /** Examples in a step. */
  readonly batch: number
  /** Views of each example; 2 when left out. */
  readonly views?: number | undefined
  /** Examples of the data set, for losses that keep a row for each. */
  readonly examples?: number | undefined
  /** As in `createTrainer`. */
  readonly microBatch?: number | undefined
  /** Plan for a backend without the kernels that only `@lapstrake/backend-wasm` has, such as webgpu. */
  readonly composed?: boolean | undefined
}

/** What a batch is to be found for. */
export interface LargestBatchOptions extends Omit<PlanOptions, 'batch'> {
  /** Most bytes of tensors that may be alive at once. */
  readonly bytes: number
}

/** The options of both, but for what each asks for. */
const kinds = {
  inputShape: 'list',
  views: 'number',
  examples: 'number',
  microBatch: 'number',
  composed: 'boolean'
} as const

/** What a stage or a head costs, for all views of a batch. */
export interface Cost {
  /** Numbers that are learned. */
  readonly parameters: number
  /**
   * Of convolutions and matrix products, forward: what the field calls FLOPs when it says that ResNet-50 has 4.1
   * billion for one image.
   */
  readonly multiplyAdds: number
  /** Bytes of tensors that wait for the backward pass, what leaves it included and weights not. */
  readonly activationBytes: number
}

/** What one stage costs. */
export interface StagePlan extends Cost {
  readonly name: string
  /** Of what leaves it, without the batch axis. */
  readonly shape: Shape
}

/** What one unit costs. */
export interface UnitPlan extends Span {
  readonly name: string
  /** Of the stages of its span together. */
  readonly stages: Cost
  readonly head: Cost
}

/** What a recipe will cost. */
export interface Plan {
  readonly batch: number
  readonly views: number
  readonly stages: readonly StagePlan[]
  readonly units: readonly UnitPlan[]
  /** A whole step: forward, backward, and what losses multiply. */
  readonly stepMultiplyAdds: number
  /**
   * Bytes of tensors between two steps, the batch included: weights, heads, statistics, and what optimizer and losses
   * remember.
   */
  readonly restBytes: number
  /**
   * Most bytes of tensors that are alive at once in a step. What a kernel needs for itself while it runs is not among
   * them.
   */
  readonly peakBytes: number
}

/**
 * Finds what a recipe costs, without training it: a step of the real engine runs on tensors that have a shape and no
 * numbers, which takes milliseconds whatever the size.
 *
 * @throws RangeError if batch or views are not a whole number of 1 or more, or the isolation does not fit the backbone
 * @throws TypeError for what is no recipe
 */
export async function plan(recipe: Recipe, options: PlanOptions): Promise<Plan> {
  checkOptions<PlanOptions>('plan', options, { ...kinds, batch: 'number' })
  checkBatch(options.batch)
  checkCommon('plan', recipe, options)
  return dryRun(options.composed !== true, run => {
    const costs = costsOf(recipe, options, run)
    return { batch: options.batch, views: options.views ?? 2, ...costs, ...stepOf(recipe, options, run) }
  })
}

/**
 * The largest batch whose step keeps no more than `bytes` of tensors alive; 0 where not even one example fits.
 *
 * @throws RangeError if bytes or views are none, or the isolation does not fit the backbone
 * @throws TypeError for what is no recipe
 */
export async function largestBatch(recipe: Recipe, options: LargestBatchOptions): Promise<number> {
  checkOptions<LargestBatchOptions>('largestBatch', options, { ...kinds, bytes: 'number' })
  const { bytes, ...others } = options
  if (!(bytes >= 0)) throw new RangeError(`largestBatch: expected bytes of 0 or more, got ${bytes}. Try 4e9.`)
  checkCommon('largestBatch', recipe, options)
  return dryRun(options.composed !== true, run => {
    const fits = (batch: number): boolean => stepOf(recipe, { ...others, batch }, run).peakBytes <= bytes
    let [low, high] = [0, 1]
    while (high <= 2 ** 20 && fits(high)) [low, high] = [high, 2 * high]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (fits(middle)) low = middle
      else high = middle
    }
    return low
  })
}

/** Two whole steps, for the first makes what later ones find. */
function stepOf(
  recipe: Recipe,
  options: PlanOptions,
  run: DryRun
): Pick<Plan, 'stepMultiplyAdds' | 'restBytes' | 'peakBytes'> {
  const { inputShape, examples, microBatch } = options
  const meter = meterMemory()
  const kept: unknown[] = []
  try {
    const teacher = recipe.teacher && untrainedTeacher(recipe.teacher, inputShape, run.random)
    kept.push(teacher)
    const trainer = createTrainer(recipe, { inputShape, teacher, examples, microBatch })
    const batch = batchOf(options, run)
    kept.push(batch)
    let state = trainer.init(run.random)
    let before = 0
    for (let step = 0; step < 2; step++) {
      before = run.multiplyAdds()
      const result = trainer.step(state, batch)
      dispose(result.losses)
      state = result.state
    }
    const restBytes = meter.live()
    dispose(state)
    return { stepMultiplyAdds: run.multiplyAdds() - before, restBytes, peakBytes: meter.peak() }
  } finally {
    tf.dispose(tensorsOf(kept))
    meter.stop()
  }
}

function costsOf(
  recipe: Recipe,
  { inputShape, batch, views = 2 }: PlanOptions,
  run: DryRun
): Pick<Plan, 'stages' | 'units'> {
  const { stages } = recipe.backbone
  const shapes: Shape[] = [inputShape]
  const names = stageNames(stages)
  const planned = stages.map((stage, i): StagePlan => {
    const { shape, ...cost } = costOf(stage, shapes.at(-1)!, batch * views, run)
    shapes.push(shape)
    return { name: names[i]!, shape, ...cost }
  })
  // The weights of heads are not needed to know the units, nor is a teacher.
  const { teacher: _, ...untaught } = recipe
  const { units } = createTrainer(untaught, { inputShape })
  return {
    stages: planned,
    units: units.map(({ name, start, end, head }) => {
      const { shape: _, ...cost } = costOf(head, shapes[end]!, batch * views, run)
      return { name, start, end, stages: sumOf(planned.slice(start, end)), head: cost }
    })
  }
}

function costOf(stage: Stage, inputShape: Shape, rows: number, run: DryRun): Cost & { readonly shape: Shape } {
  const { params, buffers, outputShape } = stage.init(run.random, inputShape)
  const weights = leaves(params)
  const input = run.tensor([rows, ...inputShape])
  const [before, meter] = [run.multiplyAdds(), meterMemory()]
  const pullback = vjp(() => {
    const { output, buffers: next } = stage.apply({ params, buffers }, input, { training: true, random: run.random })
    return { outputs: [output], aux: next }
  }, [input, ...weights])
  const cost = {
    parameters: weights.reduce((sum, { size }) => sum + size, 0),
    multiplyAdds: run.multiplyAdds() - before,
    activationBytes: meter.live(),
    shape: outputShape
  }
  meter.stop()
  pullback.dispose()
  tf.dispose(tensorsOf([pullback.outputs, input, params, buffers, pullback.aux]))
  return cost
}

const sumOf = (costs: readonly Cost[]): Cost =>
  costs.reduce<Cost>(
    (sum, cost) => ({
      parameters: sum.parameters + cost.parameters,
      multiplyAdds: sum.multiplyAdds + cost.multiplyAdds,
      activationBytes: sum.activationBytes + cost.activationBytes
    }),
    { parameters: 0, multiplyAdds: 0, activationBytes: 0 }
  )

function batchOf({ inputShape, batch, views = 2 }: PlanOptions, run: DryRun): Batch {
  const view = (): tf.Tensor => run.tensor([batch, ...inputShape])
  return {
    views: [view(), ...Array.from({ length: views - 1 }, view)],
    labels: run.tensor([batch], 'int32'),
    indices: run.tensor([batch], 'int32')
  }
}

function checkCommon(who: string, recipe: Recipe, { inputShape, views = 2 }: LargestBatchOptions | PlanOptions): void {
  checkShape(who, inputShape)
  if (!Number.isInteger(views) || views < 1)
    throw new RangeError(`${who}: expected 1 view or more, got ${views}. Try 2.`)
  checkRecipe(recipe)
}

function checkBatch(batch: number): void {
  if (!Number.isInteger(batch) || batch < 1)
    throw new RangeError(`plan: expected a batch of 1 or more examples, got ${batch}. Try 256.`)
}
