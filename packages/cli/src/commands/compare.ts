import { command, type Command } from '../terminal/command.ts'
import {
  compareRuns,
  comparisonTable,
  differencesTable,
  significanceSaid,
  type Comparison,
  figuresSaid,
  readRuns
} from '@lapstrake/runs/node'
import { quietly } from '../terminal/stop-quietly.ts'
import { table } from '../terminal/table.ts'

export const compareCommand: Command = command(
  {
    meta: {
      name: 'compare',
      description:
        'Prints runs beside each other: runs of one recipe together, with means and deviations over their seeds.'
    },
    args: {
      run: {
        type: 'positional',
        required: true,
        description: 'Folders of runs, or folders that hold them; the first recipe is what the others are compared with'
      },
      json: { type: 'boolean', default: false, description: 'Print JSON' }
    },
    run: ({ args }) =>
      quietly(async () => {
        const { runs, notes } = await readRuns(args._)
        const comparison = compareRuns(runs, notes)
        process.stdout.write(
          args.json ? `${JSON.stringify(asJson(comparison), null, 2)}\n` : comparisonText(comparison)
        )
      })
  },
  { many: true }
)

/** A comparison as text for a terminal. */
export function comparisonText(comparison: Comparison): string {
  const [{ head, rows }, differences] = [comparisonTable(comparison), differencesTable(comparison)]
  const judged =
    differences.rows.length === 0 ? '' : `\n${table(differences.head, differences.rows)}\n\n${significanceSaid}\n`
  const notes = comparison.notes.map(note => `${note}\n`).join('')
  return `${table(head, rows)}\n\n${figuresSaid}\n${judged}${notes === '' ? '' : `\n${notes}`}`
}

/** Without the steps, which stand in each run's own file. */
const asJson = ({ groups, differences, notes }: Comparison): object => ({
  groups: groups.map(({ name, runs, figures }) => ({
    name,
    figures,
    runs: runs.map(({ path, manifest }) => ({ path, seed: manifest.seed }))
  })),
  differences,
  notes
})
