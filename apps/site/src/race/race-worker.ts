import { fashionMnist, useBackend } from 'lapstrake'
import { addressOfData, orDrawn } from '../run/data/open-data.ts'
import { contestants } from './contestants.ts'
import type { RaceEvent, RaceRequest } from './protocol.ts'
import { runRace, type RaceData } from './run-race.ts'

const tell = (event: RaceEvent): void => postMessage(event)

const raceData = (): Promise<RaceData> => orDrawn(fashionMnist({ limit: 4000 }), { address: addressOfData })

async function race(request: RaceRequest): Promise<void> {
  tell({ kind: 'backend', choice: await useBackend('auto') })
  await runRace(contestants, await raceData(), request, tell)
}

onmessage = ({ data: request }: MessageEvent<RaceRequest>) => {
  race(request).catch((error: unknown) =>
    tell({ kind: 'error', message: error instanceof Error ? error.message : String(error) })
  )
}
