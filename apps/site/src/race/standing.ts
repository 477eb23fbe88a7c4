import type { BackendChoice } from 'lapstrake'
import type { RaceEvent } from './protocol.ts'

/** How far one lane is. */
export interface LaneStanding {
  readonly step: number
  /** A row for each step: the loss of each unit, the lowest first. */
  readonly losses: readonly (readonly number[])[]
  readonly milliseconds: readonly number[]
  readonly peakBytes: number
  readonly accuracy?: number | undefined
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

const atStart: LaneStanding = { step: 0, losses: [], milliseconds: [], peakBytes: 0 }

export const ready: Standing = { phase: 'ready', lanes: [atStart, atStart, atStart] }

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
        lanes: moved(event.lane, lane => ({ ...lane, accuracy: event.accuracy }))
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

/** What a race measured of a local way of learning, beside end-to-end, in a sentence. */
export function verdict(name: string, lane: LaneStanding, endToEnd: LaneStanding): string {
  const memory = `${percent(lane.peakBytes / endToEnd.peakBytes)} of end-to-end’s memory`
  const time = `${(stepTime(lane) / stepTime(endToEnd)).toFixed(2)} × its time`
  const learned =
    lane.accuracy === undefined || endToEnd.accuracy === undefined
      ? ''
      : `, and tells ${percent(lane.accuracy)} of unseen images right where end-to-end tells ` +
        `${percent(endToEnd.accuracy)}`
  return `${name} needs ${memory} and ${time} for a step${learned}`
}

export const percent = (part: number): string => `${Math.round(100 * part)} %`
