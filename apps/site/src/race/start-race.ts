import type { RaceEvent, RaceRequest } from './protocol.ts'

/** Starts a race in a worker of its own; what comes back ends it at once and frees all that it holds. */
export function startRace(request: RaceRequest, onEvent: (event: RaceEvent) => void): () => void {
  const worker = new Worker(new URL('./race-worker.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<RaceEvent>) => {
    onEvent(data)
    if (data.kind === 'done' || data.kind === 'error') worker.terminate()
  }
  worker.onerror = ({ message }) => {
    onEvent({
      kind: 'error',
      message: message || 'The script of the race could not be loaded. Check the connection and reload.'
    })
    worker.terminate()
  }
  worker.postMessage(request)
  return () => worker.terminate()
}
