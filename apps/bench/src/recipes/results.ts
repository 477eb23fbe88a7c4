// What was measured of a recipe: one file for each run, and a table of all of them.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mean, spread } from '../study/spread.ts'

export interface RecipeResult {
  readonly method: string
  /** 0 for what knows no seed: raw pixels, and a teacher that all students share. */
  readonly seed: number
  /** Of the recipe and all that it imports, when this was measured. */
  readonly source: string
  /** By name and unit: `linear readout, %`. */
  readonly figures: Readonly<Record<string, number>>
  readonly data: { readonly name: string; readonly train: number; readonly test: number }
}

export const resultFile = (folder: string, method: string, seed: number): string =>
  join(folder, `${method}-${seed}.json`)
export const tableFile = (folder: string): string => join(folder, 'table.md')

/** All results of a folder; none of one that is not there. */
export async function readResults(folder: string): Promise<readonly RecipeResult[]> {
  if (!existsSync(folder)) return []
  const files = (await readdir(folder)).filter(file => file.endsWith('.json')).sort()
  return Promise.all(files.map(async file => JSON.parse(await readFile(join(folder, file), 'utf8')) as RecipeResult))
}

const baselines = ['pixels', 'untrained']
const said: Readonly<Record<string, string>> = { pixels: 'raw pixels', untrained: 'untrained network' }

/** What the results say, as Markdown: the baselines, then the others from the lowest to the highest. */
export function tableOf(results: readonly RecipeResult[], command: string): string {
  const columns = [...new Set(results.flatMap(({ figures }) => Object.keys(figures)))]
  const methods = [...new Set(results.map(({ method }) => method))]
  const of = (method: string, column: string): number[] =>
    results.filter(result => result.method === method).flatMap(({ figures }) => figures[column] ?? [])
  const order = (method: string): number =>
    baselines.includes(method) ? baselines.indexOf(method) - baselines.length : mean(of(method, columns[0]!))
  const rows = methods
    .sort((a, b) => order(a) - order(b))
    .map(method => [
      said[method] ?? method,
      ...columns.map(column => {
        const numbers = of(method, column)
        const digits = column.endsWith('%') ? 1 : 3
        return numbers.length === 0 ? '' : `${spread(numbers, digits)} (${numbers.length})`
      })
    ])
  const { name, train, test } = results[0]!.data
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    `${name}: ${train.toLocaleString('en')} training and ${test.toLocaleString('en')} test images. Mean ± standard ` +
      'deviation over seeds, in parentheses how many.',
    [line(['', ...columns]), line(['', ...columns].map(() => '---')), ...rows.map(line)].join('\n'),
    `\`\`\`sh\n${command}\n\`\`\``
  ].join('\n\n')
}
