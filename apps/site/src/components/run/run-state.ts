import type { RunEvent } from '../../run/protocol.ts'
import { append, noCurves, type Curves } from './curves.ts'

type Of<Kind extends RunEvent['kind']> = Extract<RunEvent, { readonly kind: Kind }>

/** Where a run is: `idle` before the first; `stopped` by its reader, with what it learned unless it is `gone`. */
export type Phase = 'idle' | 'starting' | 'running' | 'done' | 'stopped' | 'failed'

/** All that a page shows of a run. */
export interface RunState {
  readonly phase: Phase
  /** Ends after so many steps, where the reader asked for it. */
  readonly limit: number
  readonly backend?: Of<'backend'> | undefined
  readonly progress?: Of<'progress'> | undefined
  readonly data?: Of<'data'> | undefined
  readonly plan?: Of<'plan'> | undefined
  readonly step: number
  readonly curves: Curves
  /** Losses of the last step. */
  readonly losses: Readonly<Record<string, number>>
  /** Bytes of living tensors. */
  readonly peakBytes?: number | undefined
  /** When the last steps came, in milliseconds, for a rate that follows. */
  readonly recent: readonly { readonly step: number; readonly at: number }[]
  readonly began: number
  readonly now: number
  readonly views?: Of<'views'> | undefined
  readonly accuracy?: Of<'accuracy'> | undefined
  readonly map?: Of<'map'> | undefined
  readonly mapped?: Of<'mapped'> | undefined
  readonly warnings: readonly string[]
  readonly error?: Of<'error'> | undefined
  /** Its reader has asked it to end after the step under way. */
  readonly stopping?: boolean | undefined
  /** It was ended in the middle of a step: nothing is left of it. */
  readonly gone?: boolean | undefined
  /** For how long the worker has not answered. */
  readonly silentFor?: number | undefined
}

export const idle: RunState = {
  phase: 'idle',
  limit: Infinity,
  step: 0,
  curves: noCurves,
  losses: {},
  recent: [],
  began: 0,
  now: 0,
  warnings: []
}

/** A run that has just been asked for, at a time in milliseconds. */
export const begin = (now: number, limit: number = Infinity): RunState => ({
  ...idle,
  phase: 'starting',
  limit,
  began: now,
  now
})

/** A run that was asked to end after the step under way. */
export const stopping = (state: RunState): RunState => (isLive(state) ? { ...state, stopping: true } : state)

/** What a run that is ended at once leaves: all that was drawn stays, and nothing else. */
export function stopped(state: RunState, now: number): RunState {
  const { silentFor: _, progress: __, ...rest } = state
  return isLive(state) ? { ...rest, phase: 'stopped', stopping: false, gone: true, now } : state
}

/** Whether a worker is at work for it. */
export const isLive = ({ phase }: RunState): boolean => phase === 'starting' || phase === 'running'

/** The state after an event that came at a time in milliseconds. */
export function fold(state: RunState, event: RunEvent, now: number): RunState {
  if (event.kind === 'silent') return isLive(state) ? { ...state, silentFor: event.seconds, now } : state
  const { silentFor: _, ...heard } = state
  // Time ends with the run: what comes later is an answer to a question, no part of it.
  const next: RunState = isLive(state) ? { ...heard, now } : heard
  switch (event.kind) {
    case 'backend':
      return { ...next, backend: event }
    case 'progress':
      return { ...next, progress: event }
    case 'data':
      return { ...next, data: event }
    case 'plan':
      return { ...next, plan: event }
    case 'step':
      return stepped(next, event, now)
    case 'views':
      return { ...next, views: event }
    case 'accuracy':
      return { ...next, accuracy: event }
    case 'map':
      return { ...next, map: event }
    case 'mapped':
      return { ...next, mapped: event }
    case 'warning':
      return next.warnings.includes(event.message) ? next : { ...next, warnings: [...next.warnings, event.message] }
    case 'done':
      return { ...withoutProgress(next), phase: event.interrupted ? 'stopped' : 'done', stopping: false }
    case 'error':
      return { ...withoutProgress(next), phase: 'failed', error: event }
    case 'lost':
      return lost(withoutProgress(next), event)
    case 'saved':
    case 'weights':
    case 'encoder':
    case 'alive':
      return next
  }
}

/** A run that was kept goes on; steps after it are taken again. */
const lost = (state: RunState, { step, kept }: Of<'lost'>): RunState =>
  kept === undefined
    ? state
    : {
        ...state,
        phase: 'starting',
        step: kept.step,
        recent: [],
        warnings: [
          ...state.warnings,
          `The GPU was lost at step ${step}: the run goes on from step ${kept.step}, as it was last kept.`
        ]
      }

const withoutProgress = ({ progress: _, ...state }: RunState): RunState => state

function stepped(state: RunState, { metrics: { step, losses, peakBytes } }: Of<'step'>, now: number): RunState {
  return {
    ...withoutProgress(state),
    phase: isLive(state) ? 'running' : state.phase,
    step,
    losses,
    peakBytes,
    curves: append(state.curves, step, losses),
    recent: [...state.recent, { step, at: now }].slice(-20)
  }
}

/** Steps that the run will take, where it is known. */
export const stepsOf = ({ plan, limit }: RunState): number | undefined =>
  plan === undefined ? undefined : Math.min(limit, plan.steps)

/** Images in a second and seconds that remain, once two steps have come; views are of one image. */
export function paceOf(state: RunState): {
  readonly imagesPerSecond?: number | undefined
  readonly remaining?: number | undefined
} {
  const { recent, plan, step } = state
  const [first, last] = [recent[0], recent.at(-1)]
  if (first === undefined || last === undefined || last.at <= first.at) return {}
  const perSecond = (1000 * (last.step - first.step)) / (last.at - first.at)
  const steps = stepsOf(state)
  return {
    imagesPerSecond: plan && perSecond * plan.batchSize,
    remaining: steps === undefined ? undefined : Math.max(0, steps - step) / perSecond
  }
}

/** Names of units in their order, as their losses tell; before the first step as their spans are counted. */
export function unitsOf({ plan, losses }: RunState): readonly string[] {
  const names = Object.keys(losses)
  return names.length > 0 ? names : (plan?.spans.map((_, i) => `unit${i}`) ?? [])
}
