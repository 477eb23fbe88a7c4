import { shapes, useBackend, type Dataset } from 'lapstrake'
import { contestants } from './contestants.ts'
import type { RaceEvent, RaceRequest } from './protocol.ts'
import { runRace } from './run-race.ts'

const tell = (event: RaceEvent): void => postMessage(event)

const raceData = async (): Promise<Dataset> => shapes({ count: 1250, length: 32 })

async function race(request: RaceRequest): Promise<void> {
  tell({ kind: 'backend', choice: await useBackend('auto') })
  await runRace(contestants, await raceData(), request, tell)
}

onmessage = ({ data: request }: MessageEvent<RaceRequest>) => {
  race(request).catch((error: unknown) => tell({ kind: 'error', message: error instanceof Error ? error.message : String(error) }))
}
