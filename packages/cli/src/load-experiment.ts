import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Experiment, Sweep, SweepFields } from 'lapstrake'
import { tsImport } from 'tsx/esm/api'

const fields = ['name', 'backbone', 'isolation', 'head', 'loss', 'optimizer', 'views', 'batchSize', 'epochs'] as const

/** Loads the experiment that a recipe file exports by default. */
export async function loadExperiment(path: string): Promise<Experiment> {
  const experiment = await loadDefault<Partial<Experiment>>('recipe', path)
  const missing = fields.filter(field => experiment?.[field] === undefined)
  if (missing.length > 0) {
    throw new Error(`recipe: expected ${path} to export an experiment by default, but it lacks ${missing.join(', ')}.`)
  }
  return experiment as Experiment
}

/** Loads the sweep that a file exports by default. */
export async function loadSweep(path: string): Promise<Sweep> {
  const { recipe, seeds, fields: choices } = await loadDefault<Partial<Sweep>>('sweep', path) ?? {}
  const missing = recipe === undefined ? ['recipe'] : fields.filter(field => recipe[field] === undefined && choices?.[field as keyof SweepFields] === undefined).map(field => `recipe.${field}`)
  if (!Array.isArray(seeds)) missing.push('seeds')
  if (missing.length > 0) throw new Error(`sweep: expected ${path} to export { recipe, seeds, fields } by default, but it lacks ${missing.join(', ')}.`)
  return { recipe: recipe!, seeds: seeds!, ...(choices && { fields: choices }) }
}

async function loadDefault<T>(what: string, path: string): Promise<T | undefined> {
  const file = resolve(path)
  await access(file).catch(() => { throw new Error(`${what}: expected a file at ${file}, but there is none.`) })
  const underTsx = process.execArgv.some(argument => argument.includes('tsx'))
  const address = pathToFileURL(file).href
  const loaded = (underTsx ? await import(address) : await tsImport(address, import.meta.url)) as { default?: T }
  // A file that is taken for CommonJS keeps its default one level down.
  return (loaded.default as { default?: T } | undefined)?.default ?? loaded.default
}
