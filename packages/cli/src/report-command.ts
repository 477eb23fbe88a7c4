import type { CommandDef } from 'citty'
import { writeFileAtomic } from 'lapstrake/node'
import { command } from './command.ts'
import { compareRuns } from './comparison.ts'
import { embeddingMap } from './embedding-map.ts'
import { readRun, runFolders } from './recorded-run.ts'
import { runReport } from './run-report.ts'
import { quietly } from './stop-quietly.ts'

export const reportCommand: CommandDef = command({
  meta: { name: 'report', description: 'Writes one page that tells of runs: tables over seeds, curves, spans, time, memory, embeddings, manifests. It needs nothing but itself.' },
  args: {
    run: { type: 'positional', required: true, description: 'Folders of runs, or folders that hold them; the first recipe is what the others are compared with' },
    out: { type: 'string', default: 'report.html', description: 'The page' }
  },
  run: ({ args }) => quietly(async () => {
    const runs = await Promise.all((await runFolders(args._)).map(readRun))
    const maps = await Promise.all(runs.map(async ({ path }) => [path, await embeddingMap(path)] as const))
    const comparison = compareRuns(runs)
    await writeFileAtomic(args.out, runReport({ comparison, maps: Object.fromEntries(maps.flatMap(([path, map]) => (map === undefined ? [] : [[path, map]]))) }))
    process.stderr.write(`${comparison.notes.map(note => `${note}\n`).join('')}Saved ${args.out}: ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}.\n`)
  })
}, { many: true })
