import { dirname } from 'node:path'
import { command, type Command } from '../terminal/command.ts'
import { compareRuns, readRuns, writeOwnFile } from '@lapstrake/runs/node'
import { embeddingMap } from '../pages/embedding-map.ts'
import { runReport } from '../pages/run-report.ts'
import { checkFolderFor } from '../terminal/folder-for.ts'
import { quietly } from '../terminal/stop-quietly.ts'

export const reportCommand: Command = command(
  {
    meta: {
      name: 'report',
      description:
        'Writes one page that tells of runs: tables over seeds, curves, spans, time, memory, embeddings, manifests. ' +
        'It needs nothing but itself.'
    },
    args: {
      run: {
        type: 'positional',
        required: true,
        description: 'Folders of runs, or folders that hold them; the first recipe is what the others are compared with'
      },
      out: { type: 'string', default: 'report.html', description: 'The page' }
    },
    run: ({ args }) =>
      quietly(async () => {
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
        const comparison = compareRuns(runs, [...notes, ...damaged])
        await writeOwnFile(
          args.out,
          runReport({ comparison, maps: Object.fromEntries(maps.flatMap(([path, map]) => (map ? [[path, map]] : []))) })
        )
        const said = comparison.notes.map(note => `${note}\n`).join('')
        const count = `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`
        process.stderr.write(`${said}Saved ${args.out}: ${count}.\n`)
      })
  },
  { many: true }
)
