import {
  DeviceLost,
  dispose,
  leaves,
  mapTree,
  OutOfRoom,
  own,
  seeded,
  tensorsOf,
  type Batch,
  type Optimizer,
  type OptimizerState,
  type Owned,
  type Params,
  type Schedule,
  type State,
  type Trainer,
  type Tree,
  type Unit,
  type Views
} from '@lapstrake/core'
import { shuffled, type Dataset } from '@lapstrake/data'
import { isProgressSchedule } from '@lapstrake/scheduler'
import type { Experiment } from './experiment.ts'
import { trialBatch } from './trial-batch.ts'
import * as tf from '@tensorflow/tfjs-core'

/**
 * What an experiment does, in few numbers: a loss is a function, and nobody can look into one, but it answers the same
 * question in the same way.
 */
export type Behaviour = Readonly<Record<string, readonly (number | string)[]>>

/** How far numbers of one experiment may lie apart on different backends, in parts of their size and beside that. */
const tolerances: Readonly<Record<string, readonly [relative: number, absolute: number]>> = {
  'moves of the optimizer': [1e-5, 3e-7],
  'momentum of the target': [1e-9, 0],
  views: [1e-3, 1e-5],
  'losses of noise': [1e-3, 1e-5],
  'gradients of noise': [2e-3, 1e-5]
}

/** Steps at which schedules are asked. */
const asked = [0, 1, 2, 5, 10, 100, 1000, 10_000, 100_000]

export interface BehaviourOptions {
  readonly experiment: Experiment
  readonly dataset: Dataset
  /** The trainer of the experiment, and the state it begins with. */
  readonly trainer: Trainer
  readonly first: State
}

/**
 * Asks an experiment: what its views make of noise, or of the first examples where these are no images, what its units
 * lose on them and learn from them, how its optimizer moves, in which order it takes the data.
 */
export async function behaviourOf({ experiment, dataset, trainer, first }: BehaviourOptions): Promise<Behaviour> {
  const { batchSize, sampler = shuffled(), target, schedule } = experiment
  const random = seeded(0)
  const batch = await trialBatch(experiment, dataset, {
    count: batchSize,
    random: random.split('views'),
    // Of a colour each, so that their embeddings lie apart.
    images: shape => tf.mul(random.uniform([batchSize, 1, 1, shape.at(-1)!]), random.split('grain').uniform(shape))
  })
  try {
    const order = sampler(dataset, batchSize)(seeded(0))
    return {
      'batch size': [batchSize],
      'order of the examples': [order.length, checksum(order)],
      views: await numbersOf(() => momentsOf(batch.views)),
      ...(await lessonsOf(trainer, first, batch)),
      'moves of the optimizer': await numbersOf(() => movesOf(experiment.optimizer)),
      ...(target && { 'momentum of the target': asked.map(step => written(target.momentum(step))) }),
      ...scheduleOf(schedule, trainer),
      ...(schedule && isProgressSchedule(schedule) && { plateau: [JSON.stringify(schedule.settings)] })
    }
  } finally {
    dispose(batch)
  }
}

/** When its units learn; nothing where all of them do at once and nobody says otherwise. */
function scheduleOf(schedule: Schedule | undefined, { units }: Trainer): Behaviour {
  if (schedule === undefined) return {}
  const learning = units.filter(({ start, end }) => start < end)
  const namesOf = (rounds: readonly (readonly Unit[])[]): string =>
    JSON.stringify(rounds.map(round => round.map(({ name }) => name)))
  const rounds = asked.map(step => namesOf(schedule(learning, step)))
  const atOnce = namesOf([learning])
  return isProgressSchedule(schedule) && rounds.every(one => one === atOnce) ? {} : { schedule: rounds }
}

/** What differs, in words; nothing where an experiment does what it did. */
export function differencesOf(then: Behaviour, now: Behaviour): readonly string[] {
  return [...new Set([...Object.keys(then), ...Object.keys(now)])].flatMap(what => {
    const [before, after] = [then[what] ?? [], now[what] ?? []]
    const [relative, absolute] = tolerances[what] ?? [0, 0]
    const length = Math.max(before.length, after.length)
    const place = Array.from({ length }, (_, i) => i).find(i => !alike(before[i], after[i], relative, absolute))
    return place === undefined ? [] : [`${what} ${shown(before[place])} then, ${shown(after[place])} now`]
  })
}

function alike(
  a: number | string | undefined,
  b: number | string | undefined,
  relative: number,
  absolute: number
): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  return Math.abs(a - b) <= absolute + relative * Math.max(Math.abs(a), Math.abs(b))
}

const shown = (value: number | string | undefined): string =>
  value === undefined ? 'none' : typeof value === 'number' ? String(Number(value.toPrecision(6))) : value

/** JSON has no word for NaN. */
const written = (value: number): number | string => (Number.isFinite(value) ? value : String(value))

const checksum = (order: Uint32Array): number => order.reduce((sum, place) => (Math.imul(sum, 31) + place) >>> 0, 0)

/** What an experiment says of noise that it refuses. That there is no memory says nothing of the experiment. */
function answerOf(error: unknown): string {
  if (error instanceof OutOfRoom || error instanceof DeviceLost) throw error
  return (error as Error).message
}

/** Reads the numbers of some tensors, or says why there are none: a loss may want what noise does not have. */
async function numbersOf(make: () => readonly tf.Tensor[]): Promise<readonly (number | string)[]> {
  let made: Owned<readonly tf.Tensor[]>
  try {
    made = own(() => [...make()])
  } catch (error) {
    return [answerOf(error)]
  }
  try {
    return (await Promise.all(made.map(async tensor => [...(await tensor.data())]))).flat().map(written)
  } finally {
    dispose(made)
  }
}

/** Of each view its shape, mean and mean square. */
const momentsOf = (views: Views): readonly tf.Tensor[] =>
  (views as readonly tf.Tensor[]).flatMap(view => [
    tf.tensor1d([...view.shape]),
    tf.mean(view),
    tf.mean(tf.square(view))
  ])

/** The losses of a batch, and the length of the gradient of each stage and head. */
async function lessonsOf(trainer: Trainer, first: State, batch: Batch): Promise<Behaviour> {
  let found: ReturnType<Trainer['learn']>
  try {
    found = trainer.learn(first, batch)
  } catch (error) {
    return { 'losses of noise': [answerOf(error)] }
  }
  const [stages, units] = [found.stages, Object.values(found.units)]
  const taught = [
    ...stages.map(({ gradients, penalty }): Params => [gradients ?? [], penalty?.gradients ?? []]),
    ...units.map(({ headGradients }) => headGradients)
  ]
  try {
    return {
      'losses of noise': await numbersOf(() => units.map(({ loss }) => tf.clone(loss))),
      'gradients of noise': await numbersOf(() =>
        taught.map(gradients =>
          leaves(gradients).reduce<tf.Scalar>((sum, tensor) => tf.add(sum, tf.sum(tf.square(tensor))), tf.scalar(0))
        )
      )
    }
  } finally {
    dispose(found)
  }
}

/** How parameters move without a gradient, from zero, and with both, in a first update and in those of later steps. */
function movesOf(optimizer: Optimizer): readonly tf.Tensor[] {
  const [zero, one, slope] = [tf.zeros([1, 2]), tf.tensor2d([[1, -2]]), tf.tensor2d([[0.5, 0.25]])]
  return [
    [one, zero],
    [zero, slope],
    [one, slope]
  ].flatMap(([params, gradient]) => {
    const state = optimizer.init([params!])
    const after = optimizer.update([gradient!], state, [params!])
    return asked
      .flatMap(step => {
        const moved = optimizer.update([gradient!], atStep(state, after.state, step), [params!])
        return (leaves(moved.params) as tf.Tensor[]).map(leaf => tf.sub(leaf, params!))
      })
      .concat(tensorsOf(after.state).map(tensor => tf.clone(tensor)))
  })
}

/** The state of an optimizer with its counts set: the numbers that an update adds one to. */
function atStep(before: OptimizerState, after: OptimizerState, step: number): OptimizerState {
  const grown = leaves(after as Tree<tf.Tensor | number>)
  let place = 0
  return mapTree(before as Tree<tf.Tensor | number>, leaf => {
    const next = grown[place++]
    return typeof leaf === 'number' && typeof next === 'number' && next === leaf + 1 ? step : leaf
  }) as OptimizerState
}
