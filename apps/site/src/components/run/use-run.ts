import { onBeforeUnmount, shallowRef, type ShallowRef } from 'vue'
import type { MapMethod, RunEvent, RunRequest } from '../../run/protocol.ts'
import { startRun, type Run } from '../../run/start-run.ts'
import { begin, fold, idle, isLive, stopped, type RunState } from './run-state.ts'

/** What a run hands out when asked: a checkpoint or weights, of a step. */
export interface HandedOut {
  readonly step: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A run of a page, and its state for components. */
export interface UseRun {
  readonly state: Readonly<ShallowRef<RunState>>
  /** Starts a run, and ends one before it. */
  start(request: RunRequest): void
  /** Ends it at once. */
  stop(): void
  map(method: MapMethod): void
  /** @throws Error if the run ends before it answers, or has ended and does not */
  handOut(kind: 'save' | 'export'): Promise<HandedOut>
  /** Whether a worker is there to answer: a run whose loss was not finite keeps the state before it. */
  canHandOut(): boolean
}

/** Drawings follow a run no more often than each so many milliseconds. */
const interval = 100
/** Milliseconds that a run which has ended may take to answer. */
const patience = 20_000

/** A run that its component owns: it ends when the component goes. */
export function useRun(): UseRun {
  const state = shallowRef<RunState>(idle)
  let current = idle
  let run: Run | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const waiting: { kind: RunEvent['kind']; resolve: (given: HandedOut) => void; reject: (reason: Error) => void }[] = []

  const show = (next: RunState): void => {
    const turns = next.phase !== current.phase
    current = next
    if (turns) publish()
    else timer ??= setTimeout(publish, interval)
  }
  const publish = (): void => {
    clearTimeout(timer)
    timer = undefined
    state.value = current
  }
  const giveUp = (): void => {
    for (const { reject } of waiting.splice(0)) reject(new Error('The run ended before it could answer.'))
  }
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'saved' || event.kind === 'weights') {
      for (const { resolve } of waiting.filter(({ kind }) => kind === event.kind)) resolve(event)
      waiting.splice(0, waiting.length, ...waiting.filter(({ kind }) => kind !== event.kind))
    }
    if (event.kind === 'error' || event.kind === 'lost') giveUp()
    show(fold(current, event, performance.now()))
  }
  const end = (): void => {
    run?.stop()
    run = undefined
    giveUp()
  }
  onBeforeUnmount(() => {
    end()
    clearTimeout(timer)
  })
  return {
    state,
    start(request) {
      end()
      show(begin(performance.now(), request.steps))
      run = startRun(request, onEvent)
    },
    stop() {
      end()
      show(stopped(current, performance.now()))
    },
    map: method => run?.send({ kind: 'map', method }),
    handOut: kind =>
      new Promise((resolve, reject) => {
        if (run === undefined) return reject(new Error('The run has ended.'))
        waiting.push({ kind: kind === 'save' ? 'saved' : 'weights', resolve, reject })
        run.send({ kind })
        if (!isLive(current)) setTimeout(() => reject(new Error('Nothing is left of the run.')), patience)
      }),
    canHandOut: () =>
      run !== undefined &&
      current.step > 0 &&
      (isLive(current) || current.phase === 'done' || current.error?.blame === 'training')
  }
}
