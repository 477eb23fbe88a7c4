import type { Command, RunEvent, RunRequest } from './protocol.ts'

/** A run under way. */
export interface Run {
  send(command: Exclude<Command, { kind: 'start' }>): void
  /** Ends it at once and frees all that it holds, the GPU too. Nothing is told afterwards. */
  stop(): void
}

/**
 * Milliseconds between pings; how long a ping may go unanswered before the page is told, and how often it is told
 * again.
 */
const [pingEvery, silentAfter, silentAgain] = [1000, 10_000, 5000]

/** GPUs that may be lost before the run is left alone. */
const mostLost = 3

/**
 * Starts a run in a worker of its own. Where its GPU is lost, another worker goes on with it, on the fastest backend
 * that is left.
 *
 * After `done`, and after a loss that was not finite, the worker keeps its last state for `save`, `export` and `map`
 * until `stop`; after any other `error` nothing is left of it. `lost` comes only where the run goes on.
 */
export function startRun(request: RunRequest, onEvent: (event: RunEvent) => void): Run {
  let lost = 0
  let run = inWorker(request, follow)
  function follow(event: RunEvent): void {
    if (event.kind !== 'lost') return onEvent(event)
    run.stop()
    if (event.kept === undefined || ++lost > mostLost)
      return onEvent({ kind: 'error', blame: 'backend', message: whyNot(event) })
    onEvent(event)
    run = inWorker({ ...request, backend: 'auto', resume: event.kept.bytes }, follow)
  }
  return { send: command => run.send(command), stop: () => run.stop() }
}

const whyNot = ({ message, kept }: Extract<RunEvent, { kind: 'lost' }>): string =>
  kept === undefined
    ? `${message} Nothing was kept yet: press Run to begin again.`
    : `${message} It was lost ${mostLost + 1} times, so the run does not go on by itself: choose WASM and run it again.`

function inWorker(request: RunRequest, onEvent: (event: RunEvent) => void): Run {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  const send = (command: Command): void => worker.postMessage(command)
  // From the first ping without an answer: clocks of hidden pages stand still for minutes, and that is no silence.
  let unanswered: { readonly since: number; told: number } | undefined
  const clock = setInterval(() => {
    const now = performance.now()
    unanswered ??= { since: now, told: 0 }
    const silent = now - unanswered.since
    if (silent >= silentAfter && silent >= unanswered.told + silentAgain) {
      unanswered.told = silent
      onEvent({ kind: 'silent', seconds: Math.round(silent / 1000) })
    }
    send({ kind: 'ping' })
  }, pingEvery)
  const stop = (): void => {
    clearInterval(clock)
    worker.onmessage = worker.onerror = worker.onmessageerror = null
    worker.terminate()
  }
  const die = (message: string): void => {
    stop()
    onEvent({ kind: 'error', blame: 'training', message })
  }
  worker.onmessage = ({ data: event }: MessageEvent<RunEvent>) => {
    unanswered = undefined
    // A failed run may have closed its worker, which then answers nothing.
    if (event.kind === 'error') clearInterval(clock)
    onEvent(event)
  }
  worker.onerror = event => {
    event.preventDefault()
    die(
      event.message
        ? `The run failed: ${event.message}`
        : 'The run crashed: it ran out of memory, or its script could not be loaded. ' +
            'Try a smaller batch or fewer images, or reload the page.'
    )
  }
  worker.onmessageerror = () =>
    die('The page received a message that it could not read. Reload the page and run it again.')
  send({ kind: 'start', request })
  return { send, stop }
}
