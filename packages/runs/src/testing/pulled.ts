import { convNet } from '@lapstrake/backbone-resnet'
import { serialiseTree } from '@lapstrake/checkpoints'
import { dispose, type Owned, type State } from '@lapstrake/core'
import { drawShapes, randomResizedCrop, twoViews } from '@lapstrake/data'
import { crc32c } from '@lapstrake/files'
import { overlapping } from '@lapstrake/isolation'
import { identity, projector } from '@lapstrake/layers'
import { moco } from '@lapstrake/loss-info-nce'
import { sgd } from '@lapstrake/optimizers'
import * as tf from '@tensorflow/tfjs-core'
import type { Experiment } from '../experiment.ts'
import { run } from '../run.ts'
import type { RunEvent } from '../run-events.ts'
import type { RunOptions } from '../run-options.ts'

/** How somebody leaves a run. */
export const ways = ['break', 'throw', 'abort'] as const

/** What came of a run that was left at an event. */
export interface Left {
  readonly way: (typeof ways)[number]
  /** The event that it was left at, and the step where it has one. */
  readonly at: string
  /** Tensors that are there and were not before, beside what was kept. */
  readonly tensors: number
  /** Whether what was kept still has its numbers, and they are those of that step. */
  readonly keptLives: boolean
  /** Whether the run that was saved there ended as the one that nobody left. */
  readonly endsAlike: boolean
}

const dataset = drawShapes({ count: 32, size: 12 })
/** A step has all that a run can have, and takes a moment. */
export const tiny: Experiment = {
  name: 'pulled',
  batchSize: 8,
  epochs: 1,
  views: twoViews(randomResizedCrop({ size: 12 })),
  backbone: convNet({ widths: [4, 4, 4], strides: [2, 2, 1], layers: 1 }),
  isolation: overlapping(),
  head: () => projector({ dims: [4] }),
  // With a memory, and a target network: a state has all that it can have.
  loss: () => moco({ size: 16 }),
  target: { momentum: () => 0.9 },
  optimizer: sgd({ learningRate: 0.05, momentum: 0.9 })
}
const experiment: Experiment = {
  ...tiny,
  epochs: 2,
  teacher: { backbone: tiny.backbone, trainedBy: { ...tiny, head: () => identity(), name: 'teacher' } }
}

const checksumOf = async (state: State): Promise<number> => crc32c(await serialiseTree({ state }))

const nameOf = (event: RunEvent): string => {
  switch (event.kind) {
    case 'step':
    case 'teacher':
      return `${event.kind} ${event.metrics.step}`
    default:
      return event.kind
  }
}

/** Leaves a run at each of its events, in each way. The teacher learns first, and is left too. */
export async function leaveEverywhere(): Promise<readonly Left[]> {
  const whole = await events()
  const outcomes: Left[] = []
  for (const way of ways) for (const place of whole.names.keys()) outcomes.push(await leave(way, place, whole))
  return outcomes
}

interface Whole {
  readonly names: readonly string[]
  /** Checksums of the states, by the step. */
  readonly states: ReadonlyMap<number, number>
}

/** A run that nobody leaves. */
async function events(options: RunOptions = {}): Promise<Whole> {
  const names: string[] = []
  const states = new Map<number, number>()
  for await (const event of run(experiment, { dataset, seed: 3, ...options })) {
    names.push(nameOf(event))
    if (event.kind === 'step' || event.kind === 'end') states.set(event.state.step, await checksumOf(event.state))
  }
  return { names, states }
}

class Leaving extends Error {}

async function leave(way: Left['way'], place: number, whole: Whole): Promise<Left> {
  const before = tf.memory().numTensors
  const stop = new AbortController()
  let kept: Owned<State> | undefined
  let saved: Uint8Array | undefined
  let seen = 0
  try {
    for await (const event of run(experiment, { dataset, seed: 3, signal: stop.signal })) {
      if (seen++ !== place) continue
      if (event.kind === 'step' || event.kind === 'end') {
        kept = event.keep()
        saved = await event.save()
      }
      if (way === 'break') break
      if (way === 'throw') throw new Leaving()
      stop.abort()
    }
  } catch (error) {
    if (!(error instanceof Leaving)) throw error
  }
  const step = kept?.step
  const keptLives = kept === undefined || (await checksumOf(kept)) === whole.states.get(step!)
  if (kept !== undefined) dispose(kept)
  const tensors = tf.memory().numTensors - before
  const last = Math.max(...whole.states.keys())
  const endsAlike = saved === undefined || (await events({ resume: saved })).states.get(last) === whole.states.get(last)
  return { way, at: whole.names[place]!, tensors, keptLives, endsAlike }
}
