import type { Command, RunEvent, RunRequest } from './protocol.ts'

/** A run under way. */
export interface Run {
  send(command: Exclude<Command, { kind: 'start' }>): void
  /** Ends it at once and frees all that it holds, the GPU too. */
  stop(): void
}

/** Starts a run in a worker of its own. */
export function startRun(request: RunRequest, onEvent: (event: RunEvent) => void): Run {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  const send = (command: Command): void => worker.postMessage(command)
  worker.onmessage = ({ data }: MessageEvent<RunEvent>) => onEvent(data)
  worker.onerror = ({ message }) => {
    onEvent({ kind: 'error', blame: 'training', message })
    worker.terminate()
  }
  send({ kind: 'start', request })
  return { send, stop: () => worker.terminate() }
}
