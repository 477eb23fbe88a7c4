import {
  checkOptions,
  checkRecipe,
  checkShape,
  createTrainer,
  dispose,
  leaves,
  mapTeachers,
  meterMemory,
  stageNames,
  tensorsOf,
  untrainedTeacher,
  vjp,
  type Batch,
  type Mode,
  type Owned,
  type Recipe,
  type Shape,
  type Span,
  type Stage,
  type State,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { dryRun, type DryRun } from './dry-run.ts'
import { dryBatch, dryInput, type Wanted } from './like.ts'

/** What is to be planned for. */
export interface PlanOptions {
  /** The shape of one example, as in `[height, width, channels]`. */
  readonly inputShape: Shape
  /** Examples in a step. */
  readonly batch: number
  /** Views of each example; 2 when left out. */
  readonly views?: number | undefined
  /**
   * A batch of the data, of any size, where that is more than images: what is planned for has as many views as it, of
   * its shapes and types, and beside them labels, examples and a context like its own. It is only looked at.
   */
  readonly like?: Batch | undefined
  /** Examples of the data set, for losses that keep a row for each. */
  readonly examples?: number | undefined
  /** The class of each of them, for losses that choose among examples. */
  readonly labels?: ArrayLike<number> | undefined
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
  like: 'record',
  examples: 'number',
  labels: 'list',
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
   * The peak of a step, in bytes: most of all tensors that are alive at once in it, those between two steps included,
   * as `train` measures it. What a kernel needs for itself while it runs is not among them.
   */
  readonly peakBytes: number
}

/**
 * Finds what a recipe costs, without training it: a step of the real engine runs on tensors that have a shape and no
 * numbers, which takes milliseconds whatever the size.
 *
 * @throws Error if a stage wants what no batch was given to be like, such as constants beside its input
 * @throws RangeError if batch or views are not a whole number of 1 or more, or the isolation does not fit the backbone
 * @throws TypeError for what is no recipe
 */
export async function plan(recipe: Recipe, options: PlanOptions): Promise<Plan> {
  checkOptions<PlanOptions>('plan', options, { ...kinds, batch: 'number' })
  checkBatch(options.batch)
  checkCommon('plan', recipe, options)
  return dryRun(options.composed !== true, run => {
    const costs = costsOf('plan', recipe, options, run)
    return { batch: options.batch, views: viewsIn(options), ...costs, ...stepOf(recipe, options, run) }
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
    // What a stage lacks is told of the stage, not of the step.
    costsOf('largestBatch', recipe, { ...others, batch: 1 }, run)
    const peak = (batch: number): number => stepOf(recipe, { ...others, batch }, run).peakBytes
    return lastWithin(peak, bytes)
  })
}

/** Where a search for the largest batch ends. */
const enough = 2 ** 20

/**
 * The last number whose `peak` is at most `bytes`, of one that rises; 0 where none is. Where numbers are large it rises
 * along a line, or nearly: so two looks at what a line foresees come before one in the middle.
 */
function lastWithin(peak: (batch: number) => number, bytes: number): number {
  let [low, atLow] = [0, 0]
  let [high, atHigh] = [1, peak(1)]
  while (atHigh <= bytes && high <= enough) [low, atLow, high, atHigh] = [high, atHigh, 2 * high, peak(2 * high)]
  if (atHigh <= bytes) return high
  for (let look = 1; high - low > 1; look++) {
    const share = look % 3 === 0 ? 1 / 2 : (bytes - atLow) / (atHigh - atLow)
    const at = Math.min(Math.max(low + Math.floor(share * (high - low)), low + 1), high - 1)
    const found = peak(at)
    if (found <= bytes) [low, atLow] = [at, found]
    else [high, atHigh] = [at, found]
  }
  return low
}

/** Two whole steps, for the first makes what later ones find. */
function stepOf(
  recipe: Recipe,
  options: PlanOptions,
  run: DryRun
): Pick<Plan, 'stepMultiplyAdds' | 'restBytes' | 'peakBytes'> {
  const { inputShape, examples, labels, microBatch } = options
  const meter = meterMemory()
  const kept: unknown[] = []
  let state: Owned<State> | undefined
  try {
    const teacher = recipe.teacher && mapTeachers(recipe.teacher, one => untrainedTeacher(one, inputShape, run.random))
    kept.push(teacher)
    const trainer = createTrainer(recipe, { inputShape, teacher, examples, labels, microBatch })
    const batch = dryBatch(wantedOf(options), run)
    kept.push(batch)
    state = trainer.init(run.random)
    let before = 0
    for (let step = 0; step < 2; step++) {
      before = run.multiplyAdds()
      const result = trainer.step(state, batch)
      dispose(result.losses)
      state = result.state
    }
    return { stepMultiplyAdds: run.multiplyAdds() - before, restBytes: meter.live(), peakBytes: meter.peak() }
  } finally {
    tf.dispose(tensorsOf([...kept, state]))
    meter.stop()
  }
}

function costsOf(who: string, recipe: Recipe, options: PlanOptions, run: DryRun): Pick<Plan, 'stages' | 'units'> {
  const { inputShape } = options
  const wanted = wantedOf(options)
  const { stages } = recipe.backbone
  const shapes: Shape[] = [inputShape]
  const names = stageNames(stages)
  const planned = stages.map((stage, i): StagePlan => {
    const { shape, ...cost } = costOf(who, stage, shapes.at(-1)!, wanted, run, i === 0)
    shapes.push(shape)
    return { name: names[i]!, shape, ...cost }
  })
  // The weights of heads are not needed to know the units, nor is a teacher.
  const { teacher: _, ...untaught } = recipe
  const { units } = createTrainer(untaught, { inputShape })
  return {
    stages: planned,
    units: units.map(({ name, start, end, head }) => {
      const { shape: _, ...cost } = costOf(who, head, shapes[end]!, wanted, run, end === 0)
      return { name, start, end, stages: sumOf(planned.slice(start, end)), head: cost }
    })
  }
}

function costOf(
  who: string,
  stage: Stage,
  inputShape: Shape,
  wanted: Wanted,
  run: DryRun,
  isFirst: boolean
): Cost & { readonly shape: Shape } {
  const { params, buffers, outputShape } = stage.init(run.random, inputShape)
  const weights = leaves(params)
  const { input, context } = dryInput(inputShape, wanted, run, isFirst)
  // Nothing is learned of tokens.
  const learned = input.dtype === 'float32' ? [input, ...weights] : weights
  const [before, meter] = [run.multiplyAdds(), meterMemory()]
  const pullback = vjp(() => {
    const mode = { training: true, random: run.random, context } as const
    const { output, buffers: next } = applied(who, stage, { params, buffers }, input, mode)
    return { outputs: [output], aux: next }
  }, learned)
  const cost = {
    parameters: weights.reduce((sum, { size }) => sum + size, 0),
    multiplyAdds: run.multiplyAdds() - before,
    activationBytes: meter.live(),
    shape: outputShape
  }
  meter.stop()
  pullback.dispose()
  tf.dispose(tensorsOf([pullback.outputs, input, context, params, buffers, pullback.aux]))
  return cost
}

/** Runs a stage; one that fails for want of constants beside its input is told apart from one that is wrong. */
function applied(
  who: string,
  stage: Stage,
  variables: Variables,
  input: tf.Tensor,
  mode: Mode
): ReturnType<Stage['apply']> {
  let asked = false
  const asking: Mode = {
    ...mode,
    get context() {
      asked = true
      return mode.context
    }
  }
  try {
    return stage.apply(variables, input, asking)
  } catch (error) {
    const isForWant = error instanceof TypeError || /context/.test((error as Error).message)
    if (!asked || mode.context !== undefined || !isForWant) throw error
    throw new Error(
      `${who}: expected a batch that has the constants which stage "${stage.name}" reads from mode.context, ` +
        'got none. ' +
        'Give one of the data, as in { like: await batchOf(dataset, [0], { views, random }) }.',
      { cause: error }
    )
  }
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

const viewsIn = ({ views, like }: Pick<PlanOptions, 'views' | 'like'>): number => like?.views.length ?? views ?? 2

const wantedOf = ({ inputShape, batch, views, like }: PlanOptions): Wanted => ({
  inputShape,
  batch,
  views: viewsIn({ views, like }),
  like
})

function checkCommon(who: string, recipe: Recipe, options: LargestBatchOptions | PlanOptions): void {
  const { inputShape, views = 2, like } = options
  checkShape(who, inputShape)
  if (!Number.isInteger(views) || views < 1)
    throw new RangeError(`${who}: expected 1 view or more, got ${views}. Try 2.`)
  if (like !== undefined) checkLike(who, inputShape, options.views, like)
  checkRecipe(recipe)
}

/** The first stage takes what is in the views of the batch, and nothing else is planned for. */
function checkLike(who: string, inputShape: Shape, views: number | undefined, like: Partial<Batch>): void {
  const [first] = Array.isArray(like.views) ? (like.views as readonly tf.Tensor[]) : []
  if (!((first as unknown) instanceof tf.Tensor)) {
    throw new TypeError(
      `${who}: expected like to be a batch, got one without views. Give await batchOf(dataset, [0], { views, random }).`
    )
  }
  const shape = first!.shape.slice(1)
  if (shape.join() !== inputShape.join()) {
    throw new RangeError(
      `${who}: expected an inputShape of [${shape.join(', ')}], that of the views in like, got ` +
        `[${inputShape.join(', ')}]. Give both of one data set.`
    )
  }
  if (views !== undefined && views !== like.views!.length)
    throw new RangeError(`${who}: expected ${like.views!.length} views, as in like, got ${views}. Leave views out.`)
}

function checkBatch(batch: number): void {
  if (!Number.isInteger(batch) || batch < 1)
    throw new RangeError(`plan: expected a batch of 1 or more examples, got ${batch}. Try 256.`)
}
