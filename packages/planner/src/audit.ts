import {
  checkOptions,
  checkRecipe,
  checkShape,
  createTrainer,
  dispose,
  own,
  seeded,
  tensorsOf,
  withLeaves,
  leaves,
  mapTeachers,
  untrainedTeacher,
  type Batch,
  type Owned,
  type Params,
  type Recipe,
  type Shape,
  type State,
  type Trainer,
  type Variables
} from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { hostReads } from './host-reads.ts'

/** What an audit looks at. */
export interface AuditOptions {
  /** The shape of one example, as in `[height, width, channels]`. */
  readonly inputShape: Shape
  /** To learn from, only borrowed; 8 random examples in two views when left out. */
  readonly batch?: Batch | undefined
  readonly seed?: number | undefined
  /** Examples of the data set, for losses that keep a row for each. */
  readonly examples?: number | undefined
  /** The class of each of them, for losses that choose among examples. */
  readonly labels?: ArrayLike<number> | undefined
}

/** Which weights one unit's loss touches. */
export interface UnitAudit {
  readonly name: string
  /**
   * The Euclidean norm of the gradient of each stage's weights, taken with this unit alone; nothing where it does not
   * reach.
   */
  readonly stages: readonly (number | undefined)[]
  /** The same of its own head. */
  readonly head: number
}

/** What an audit found. */
export interface Audit {
  readonly stages: readonly string[]
  readonly units: readonly UnitAudit[]
  /** What must not be, in sentences; none when all is well. */
  readonly findings: readonly string[]
}

/**
 * Finds out which loss touches which weights, and what a recipe's own stages and losses do behind the engine's back.
 *
 * Every unit's gradient is taken alone. Then each owner of weights is nudged in turn, and no loss may notice that does
 * not lie above it: one that does has another way to what it must not see. Findings are also tensors that two owners
 * share, losses that differ from one call to the next, tensors that are left behind, and reads of tensors by the host,
 * which stall a GPU.
 *
 * @throws TypeError for what is no recipe
 * @throws Error if none was given and random images are not what it learns from
 */
export async function audit(recipe: Recipe, options: AuditOptions): Promise<Audit> {
  checkOptions<AuditOptions>('audit', options, {
    inputShape: 'list',
    batch: 'record',
    seed: 'number',
    examples: 'number',
    labels: 'list'
  })
  const { inputShape, batch: given, seed = 0, examples, labels } = options
  checkShape('audit', inputShape)
  checkRecipe(recipe)
  const random = seeded(seed)
  const teacher = own(
    () =>
      recipe.teacher && mapTeachers(recipe.teacher, one => untrainedTeacher(one, inputShape, random.split('teacher')))
  )
  const trainer = createTrainer(recipe, { inputShape, teacher, examples, labels })
  const state = trainer.init(random.split('weights'))
  const batch = given ?? randomBatch(inputShape, seed)
  try {
    const findings = shared(trainer, recipe, state)
    const { result: losses, reads } = hostReads(() => firstLosses(trainer, state, batch, given !== undefined))
    const first = await numbersIn(losses)
    const before = tf.memory().numTensors
    const second = await numbersIn(lossesOf(trainer, state, batch))
    for (const place of reads)
      findings.push(
        `A tensor is read by the host in the middle of a step, at ${place}: on a GPU everything waits for it, ` +
          'and a page cannot. Compute with tensors, or read after the step.'
      )
    if (tf.memory().numTensors !== before)
      findings.push(
        `A step leaves ${tf.memory().numTensors - before} tensors behind. Keep in params, ` +
          'buffers or memory what must live on, and nothing else.'
      )
    const impure = Object.keys(first).filter(name => !Object.is(first[name], second[name]))
    for (const name of impure)
      findings.push(
        `The loss of ${name} is ${first[name]} once and ${second[name]} when taken again from the same state and ` +
          'batch: a stage, head or loss of it remembers something outside its params, buffers and memory, ' +
          'or draws its own randomness.'
      )
    if (impure.length === 0) findings.push(...(await strangers(trainer, recipe, state, batch, first)))
    return {
      stages: recipe.backbone.stages.map(({ name }) => name),
      units: await matrix(trainer, state, batch),
      findings
    }
  } finally {
    dispose(state)
    dispose(teacher)
    if (given === undefined) dispose(batch as Owned<Batch>)
  }
}

type Losses = Readonly<Record<string, tf.Scalar>>

const lossesOf = (trainer: Trainer, state: State, batch: Batch): Owned<Losses> =>
  own(() => {
    const { units } = trainer.learn(state, batch)
    return Object.fromEntries(Object.entries(units).map(([name, { loss }]) => [name, loss]))
  })

/** Of a batch that was made here, which may lack what the data have: constants beside the input, say. */
function firstLosses(trainer: Trainer, state: State, batch: Batch, isGiven: boolean): Owned<Losses> {
  try {
    return lossesOf(trainer, state, batch)
  } catch (error) {
    if (isGiven || !(error instanceof TypeError)) throw error
    throw new Error(
      'audit: expected the recipe to learn from random images, for no batch was given, but it fails: ' +
        `${error.message}. ` +
        'Give a batch of the data, as in { batch: await batchOf(dataset, [0, 1], { views, random }) }.',
      { cause: error }
    )
  }
}

/** Reads and frees them. */
async function numbersIn(losses: Owned<Losses>): Promise<Record<string, number>> {
  const numbers = Object.fromEntries(
    await Promise.all(Object.entries(losses).map(async ([name, loss]) => [name, (await loss.data())[0]!] as const))
  )
  dispose(losses)
  return numbers
}

async function matrix(trainer: Trainer, state: State, batch: Batch): Promise<readonly UnitAudit[]> {
  const rows: UnitAudit[] = []
  for (const unit of trainer.units) {
    const found = trainer.learn(state, batch, { round: { units: [unit] } })
    const stages = await Promise.all(found.stages.map(async ({ gradients }) => gradients && norm(gradients)))
    rows.push({ name: unit.name, stages, head: await norm(found.units[unit.name]!.headGradients) })
    dispose(found)
  }
  return rows
}

async function norm(gradient: Params): Promise<number> {
  const parts = leaves(gradient)
  if (parts.length === 0) return 0
  const total = own(() => tf.sqrt(tf.addN(parts.map(part => tf.sum(tf.square(part))))))
  const [number] = await total.data()
  total.dispose()
  return number!
}

/** Tensors that two owners have in common: the update of one leaves the other with what is gone. */
function shared(trainer: Trainer, recipe: Recipe, state: State): string[] {
  const owners: (readonly [name: string, variables: unknown])[] = [
    ...state.stages.map((variables, i) => [`stage ${i} ("${recipe.backbone.stages[i]!.name}")`, variables] as const),
    ...trainer.units.flatMap(({ name }) => [
      [`the head of ${name}`, state.units[name]!.head] as const,
      [`the loss of ${name}`, state.units[name]!.loss] as const
    ])
  ]
  const seen = new Map<object, string>()
  return owners.flatMap(([name, variables]) =>
    tensorsOf(variables).flatMap(({ dataId }) => {
      const other = seen.get(dataId)
      seen.set(dataId, name)
      return other === undefined || other === name
        ? []
        : [`${name} shares a tensor with ${other}. Make one for each in init.`]
    })
  )
}

/** Losses that notice weights which do not lie below them. */
async function strangers(
  trainer: Trainer,
  { backbone }: Recipe,
  state: State,
  batch: Batch,
  losses: Readonly<Record<string, number>>
): Promise<string[]> {
  const findings: string[] = []
  const nudge = async (
    who: string,
    variables: Variables,
    change: (nudged: Variables) => State,
    mayNotice: (unit: string) => boolean
  ): Promise<void> => {
    if (leaves(variables.params).length === 0) return
    const params = own(() =>
      withLeaves(
        variables.params,
        leaves(variables.params).map(weights => tf.add(tf.mul(weights, 1.01), 0.001))
      )
    )
    const found = await numbersIn(lossesOf(trainer, change({ ...variables, params }), batch))
    dispose(params)
    for (const [unit, loss] of Object.entries(found)) {
      if (!mayNotice(unit) && !Object.is(loss, losses[unit])) {
        findings.push(
          `The loss of ${unit} depends on the weights of ${who}, which it must not see: it is ${losses[unit]}, ` +
            `and ${loss} when they are nudged. Something passes beside the network, ` +
            'such as a variable that stages or losses share.'
        )
      }
    }
  }
  const endOf = new Map(trainer.units.map(({ name, end }) => [name, end]))
  for (const [i, variables] of state.stages.entries()) {
    await nudge(
      `stage ${i} ("${backbone.stages[i]!.name}")`,
      variables,
      nudged => ({ ...state, stages: state.stages.with(i, nudged) }),
      unit => endOf.get(unit)! > i
    )
  }
  for (const { name } of trainer.units) {
    const { head } = state.units[name]!
    await nudge(
      `the head of ${name}`,
      head,
      nudged => ({ ...state, units: { ...state.units, [name]: { ...state.units[name]!, head: nudged } } }),
      unit => unit === name
    )
  }
  return findings
}

function randomBatch(inputShape: Shape, seed: number): Batch {
  const view = (place: number): tf.Tensor =>
    seeded(seed)
      .split('view', place)
      .normal([8, ...inputShape])
  const column = (numbers: number[]): tf.Tensor1D => tf.tensor1d(numbers, 'int32')
  return {
    views: [view(0), view(1)],
    labels: column([0, 1, 0, 1, 0, 1, 0, 1]),
    indices: column([0, 1, 2, 3, 4, 5, 6, 7])
  }
}
