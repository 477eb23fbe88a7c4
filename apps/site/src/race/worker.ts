import { shapes, useBackend } from 'lapstrake'
import { contestants } from './contestants.ts'
import type { RaceEvent, RaceRequest } from './protocol.ts'
import { runRace, type RaceData } from './run-race.ts'

const tell = (event: RaceEvent): void => postMessage(event)

const raceData = async (): Promise<RaceData> => ({ training: shapes({ count: 1000 }), held: shapes({ count: 250, seed: 1 }) })

async function race(request: RaceRequest): Promise<void> {
  tell({ kind: 'backend', choice: await useBackend('auto') })
  await runRace(contestants, await raceData(), request, tell)
}

onmessage = ({ data: request }: MessageEvent<RaceRequest>) => {
  race(request).catch((error: unknown) => tell({ kind: 'error', message: error instanceof Error ? error.message : String(error) }))
}
