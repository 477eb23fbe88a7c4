import { useBackend } from 'lapstrake'
import { contestants, data } from './contestants.ts'
import type { RaceEvent, RaceRequest } from './protocol.ts'
import { runRace } from './run-race.ts'

const tell = (event: RaceEvent): void => postMessage(event)

async function race(request: RaceRequest): Promise<void> {
  tell({ kind: 'backend', choice: await useBackend('auto') })
  await runRace(contestants, { training: await data.open('train'), held: await data.open('test') }, request, tell)
}

onmessage = ({ data: request }: MessageEvent<RaceRequest>) => {
  race(request).catch((error: unknown) =>
    tell({ kind: 'error', message: error instanceof Error ? error.message : String(error) })
  )
}
