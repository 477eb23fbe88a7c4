import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { sweepVariants, type Sweep, type SweepVariant } from 'lapstrake'
import {
  readManifest,
  type Manifest,
  recipeChanges,
  canGoOn,
  settled,
  runFiles,
  writeOwnFile
} from '@lapstrake/runs/node'

/** One run of a sweep. */
export interface SweepRun {
  readonly name: string
  readonly seed: number
  /** Its recipe file, written here. */
  readonly recipe: string
  /** What was there before. */
  readonly before: string | undefined
  readonly folder: string
}

/** Writes a recipe file for each experiment, so that every command knows its runs as any other. */
export async function runsOf(sweep: Sweep, file: string, out: string, overrides: object): Promise<readonly SweepRun[]> {
  const variants = sweepVariants(sweep)
  const recipes = join(out, 'recipes')
  return (
    await Promise.all(
      variants.map(async variant => {
        const recipe = join(recipes, `${variant.name}.mjs`)
        const before = await readFile(recipe, 'utf8').catch(() => undefined)
        await writeOwnFile(
          recipe,
          recipeFile(variant, relative(resolve(recipes), file).replaceAll('\\', '/'), overrides)
        )
        return sweep.seeds.map(
          (seed): SweepRun => ({
            name: variant.name,
            seed,
            recipe,
            before,
            folder: join(out, `${variant.name}-${seed}`)
          })
        )
      })
    )
  ).flat()
}

/**
 * The recipe of one experiment: what a person would write. A field that the command line decides has no other choice.
 */
function recipeFile({ name, choices }: SweepVariant, sweep: string, overrides: object): string {
  const chosen = Object.entries(choices).map(
    ([field, choice]) => `  ${field}: fields.${field}[${JSON.stringify(choice)}],\n`
  )
  const decided = Object.entries(overrides).map(([field, value]) => `  ${field}: ${JSON.stringify(value)},\n`)
  return `// Written by lapstrake sweep.
import * as file from ${JSON.stringify(sweep.startsWith('.') ? sweep : `./${sweep}`)}

// A file that is taken for CommonJS keeps its default one level down.
const { recipe, fields } = file.default.default ?? file.default
export const { certificate } = file
export default {
  ...recipe,
  name: ${JSON.stringify(name)},
${[...chosen, ...decided].join('')}}
`
}

/** The manifest in the folder of a run, where there is one. */
export const manifestIn = async (folder: string): Promise<Manifest | undefined> =>
  existsSync(join(await settled(folder), runFiles.manifest)) ? readManifest(folder) : undefined

/** Runs of another recipe than the one at hand are no runs of this sweep. Their recipes stay as they were. */
export async function refuseChanged(
  runs: readonly SweepRun[],
  {
    data,
    size,
    labels,
    examples
  }: Readonly<Record<'size' | 'examples', number | undefined> & Record<'data' | 'labels', string | undefined>>
): Promise<void> {
  const changed = await Promise.all(
    runs.map(async ({ folder, recipe }) => {
      const manifest = await manifestIn(folder)
      if (manifest === undefined) return []
      const {
        steps: [taken],
        finished,
        options
      } = manifest
      if (taken === 0 && !finished && !canGoOn(folder)) return []
      const isFrom = options.data === data && options.size === size && options['labels-from'] === labels
      const same = isFrom && options.examples === examples
      return same && (await recipeChanges(folder, { recipe })) === undefined ? [] : [folder]
    })
  )
  const [first, ...more] = changed.flat()
  if (first === undefined) return
  for (const { recipe, before } of runs) if (before !== undefined) await writeOwnFile(recipe, before)
  const others = more.length === 0 ? '' : ` and ${more.length} other runs`
  throw new Error(
    `sweep: expected the recipe that ${first}${others} began with, but it, the fields of the sweep or an option ` +
      'such as --epochs has changed since. ' +
      'Put it back, train every run anew with --overwrite, or choose another folder with --out.'
  )
}
