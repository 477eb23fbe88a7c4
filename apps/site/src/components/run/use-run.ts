import { onBeforeUnmount, shallowRef, type ShallowRef } from 'vue'
import type { MapMethod, RunEvent, RunRequest } from '../../run/protocol.ts'
import { startRun, type Run } from '../../run/start-run.ts'
import { begin, fold, idle, isLive, stopped, stopping, type RunState } from './run-state.ts'

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
  /** Ends it after the step under way, which keeps what it learned; asked again, or without an answer, at once. */
  stop(): void
  map(method: MapMethod): void
  /** @throws Error if the run ends before it answers, or has ended and does not */
  handOut(kind: keyof typeof answers): Promise<HandedOut>
  /** Whether a worker is there to answer: a run whose loss was not finite keeps the state before it. */
  canHandOut(): boolean
}

/** The event that answers each question. */
const answers = { save: 'saved', export: 'weights', encoder: 'encoder' } as const
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
  /** Tells all who wait for an answer of a kind, who then wait no longer. */
  const answered = (kind: RunEvent['kind'], tell: (one: (typeof waiting)[number]) => void): void => {
    const those = waiting.filter(one => one.kind === kind)
    waiting.splice(0, waiting.length, ...waiting.filter(one => one.kind !== kind))
    those.forEach(tell)
  }
  const onEvent = (event: RunEvent): void => {
    if (event.kind === 'warning' && event.question !== undefined && event.question !== 'map') {
      answered(answers[event.question], ({ reject }) => reject(new Error(event.message)))
    }
    if (event.kind === 'saved' || event.kind === 'weights' || event.kind === 'encoder') {
      answered(event.kind, ({ resolve }) => resolve(event))
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
      const { phase, silentFor } = current
      if (phase === 'running' && silentFor === undefined && current.stopping !== true) {
        run?.send({ kind: 'stop' })
        return show(stopping(current))
      }
      end()
      show(stopped(current, performance.now()))
    },
    map: method => run?.send({ kind: 'map', method }),
    handOut: kind =>
      new Promise((resolve, reject) => {
        if (run === undefined) return reject(new Error('The run has ended.'))
        waiting.push({ kind: answers[kind], resolve, reject })
        run.send({ kind })
        if (!isLive(current)) setTimeout(() => reject(new Error('Nothing is left of the run.')), patience)
      }),
    canHandOut: () =>
      run !== undefined &&
      current.step > 0 &&
      (isLive(current) ||
        current.phase === 'done' ||
        current.phase === 'stopped' ||
        current.error?.blame === 'training')
  }
}
