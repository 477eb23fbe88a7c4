import { dirname } from 'node:path'
import type { BackendName } from 'lapstrake'
import { command, type Command } from '../terminal/command.ts'
import { compareRuns, readRuns, writeOwnFile } from '@lapstrake/runs/node'
import { embeddingMap } from '../pages/embedding-map.ts'
import { runReport } from '../pages/run-report.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { mapsOfRuns } from './maps-of-runs.ts'
import { quietly } from '../terminal/stop-quietly.ts'

export const reportCommand: Command = command(
  {
    meta: {
      name: 'report',
      description:
        'Writes one page that tells of runs: tables over seeds, curves, spans, time, memory, embeddings, ' +
        'maps of the stages, manifests. ' +
        'It needs nothing but itself.'
    },
    args: {
      run: {
        type: 'positional',
        required: true,
        description: 'Folders of runs, or folders that hold them; the first recipe is what the others are compared with'
      },
      out: { type: 'string', default: 'report.html', description: 'The page' },
      map: {
        type: 'string',
        default: '1000',
        description: 'Test images in the maps of the stages, of the first run of each recipe; 0 for no maps'
      },
      seconds: {
        type: 'string',
        default: '60',
        description: 'Time after which no further map is begun, an equal part for each recipe'
      },
      backend: { type: 'string', default: 'auto', description: 'What makes the maps: auto, node, webgpu, wasm or cpu' }
    },
    run: ({ args }) =>
      quietly(async () => {
        const images = wholeNumber('--map', args.map, 0, 5000)
        const seconds = wholeNumber('--seconds', args.seconds, 1)
        await checkFolderFor('report', '--out', dirname(args.out))
        const { runs, notes } = await readRuns(args._)
        const damaged: string[] = []
        const maps = await Promise.all(
          runs.map(
            async ({ path, manifest }) =>
              [
                path,
                await embeddingMap(path, manifest).catch((error: Error) => {
                  damaged.push(error.message)
                })
              ] as const
          )
        )
        const compared = compareRuns(runs, [...notes, ...damaged])
        const stages = await mapsOfRuns(runs, { images, seconds, backend: args.backend as BackendName })
        const comparison = { ...compared, notes: [...compared.notes, ...stages.notes] }
        await writeOwnFile(
          args.out,
          runReport({
            comparison,
            maps: Object.fromEntries(maps.flatMap(([path, map]) => (map ? [[path, map]] : []))),
            stageMaps: stages.maps
          })
        )
        const said = comparison.notes.map(note => `${note}\n`).join('')
        const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`
        process.stderr.write(`${said}Saved ${args.out}: ${count}.\n`)
      })
  },
  { many: true }
)
