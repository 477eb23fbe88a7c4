import type { BackendChoice } from 'lapstrake'
import { lanes } from './lanes.ts'
import type { RaceEvent } from './protocol.ts'

/** How far one lane is. */
export interface LaneStanding {
  readonly step: number
  /** A row for each step: the loss of each unit, the lowest first. */
  readonly losses: readonly (readonly number[])[]
  readonly milliseconds: readonly number[]
  readonly peakBytes: number
  /** Of unseen images, after some of the steps. */
  readonly looks: readonly Look[]
}

/** What a lane had learned after a step. */
export interface Look {
  readonly step: number
  readonly accuracy: number
}

/** What is known of a race. */
export interface Standing {
  readonly phase: 'ready' | 'starting' | 'racing' | 'done' | 'stopped' | 'failed'
  readonly lanes: readonly LaneStanding[]
  readonly backend?: BackendChoice | undefined
  readonly data?: string | undefined
  readonly chance?: number | undefined
  readonly failure?: string | undefined
}

const atStart: LaneStanding = { step: 0, losses: [], milliseconds: [], peakBytes: 0, looks: [] }

export const ready: Standing = { phase: 'ready', lanes: lanes.map(() => atStart) }

/** The standing after an event. */
export function after(standing: Standing, event: RaceEvent): Standing {
  const moved = (place: number, move: (lane: LaneStanding) => LaneStanding): readonly LaneStanding[] =>
    standing.lanes.map((lane, i) => (i === place ? move(lane) : lane))
  switch (event.kind) {
    case 'backend':
      return { ...standing, backend: event.choice }
    case 'data':
      return { ...standing, data: `${event.size} images of ${event.name}` }
    case 'plan':
      return standing
    case 'step':
      return {
        ...standing,
        phase: 'racing',
        lanes: moved(event.lane, lane => ({
          ...lane,
          step: event.step,
          losses: [...lane.losses, event.losses],
          milliseconds: [...lane.milliseconds, event.milliseconds],
          // The first turn also made the weights.
          peakBytes: event.peakBytes
        }))
      }
    case 'accuracy':
      return {
        ...standing,
        chance: event.chance,
        lanes: moved(event.lane, lane => ({
          ...lane,
          looks: [...lane.looks, { step: event.step, accuracy: event.accuracy }]
        }))
      }
    case 'done':
      return { ...standing, phase: 'done' }
    case 'error':
      return { ...standing, phase: 'failed', failure: event.message }
  }
}

/**
 * The median duration of a step in milliseconds; the first three, in which things are made ready, count only as long as
 * there are no others.
 */
export function stepTime({ milliseconds }: LaneStanding): number {
  const warm = milliseconds.length > 3 ? milliseconds.slice(3) : milliseconds
  return [...warm].sort((a, b) => a - b)[Math.floor(warm.length / 2)] ?? 0
}

/** The mean loss of the units after each step. */
export const meanLosses = ({ losses }: LaneStanding): readonly number[] =>
  losses.map(units => units.reduce((sum, loss) => sum + loss, 0) / units.length)

/** What a lane has learned so far. */
export const accuracyOf = ({ looks }: LaneStanding): number | undefined => looks.at(-1)?.accuracy

/** Milliseconds that a lane learned until a look found this accuracy; undefined if none did. */
export function timeTo(accuracy: number, { looks, milliseconds }: LaneStanding): number | undefined {
  const reached = looks.find(look => look.accuracy >= accuracy)
  return reached && milliseconds.slice(0, reached.step).reduce((sum, step) => sum + step, 0)
}

/** Gaps below this are within what another seed would change. */
const nothing = 0.02

/** What a race measured, whichever way it went: from greedy, the first of lanes, to end-to-end, the last. */
export function verdict(names: readonly string[], standings: readonly LaneStanding[]): string {
  const found = standings.map((lane, i) => ({ name: names[i]!, accuracy: accuracyOf(lane) ?? 0 }))
  const [greedy, whole] = [found[0]!, found.at(-1)!]
  const gap = whole.accuracy - greedy.accuracy
  const ends =
    `${greedy.name} reaches ${percent(greedy.accuracy)} accuracy on unseen images, ` +
    `${whole.name} ${percent(whole.accuracy)}`
  const between = found.slice(1, -1)
  if (gap < nothing)
    return (
      `${ends}: no gap to close this time. ` +
      `${listed(between.map(({ name, accuracy }) => `${name} ${percent(accuracy)}`))}.`
    )
  return (
    `${ends}. ` +
    `${listed(
      between.map(({ name, accuracy }) => {
        const won = accuracy - greedy.accuracy
        return won > 0
          ? `${name} ${percent(accuracy)}, ${percent(won / gap)} of the gap closed`
          : `${name} ${percent(accuracy)}, no better than ${greedy.name}`
      })
    )}.`
  )
}

const listed = (parts: readonly string[]): string => {
  const text = parts.join('; ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export const percent = (part: number): string => `${Math.round(100 * part)} %`
