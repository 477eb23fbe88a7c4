import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Experiment, Sweep, SweepFields } from 'lapstrake'
import { tsImport } from 'tsx/esm/api'
import { alike } from './alike.ts'

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

/** Why a file does not load: where its grammar is wrong, or what it imports that is not there. */
async function reason({ message }: Error): Promise<string> {
  const [, place] = /^Transform failed with .*\n(.+)/.exec(message) ?? []
  const [, from, name] = /requested module '(.+)' does not provide an export named '(.+)'/.exec(message) ?? []
  if (name === undefined) return place ?? message
  const known = await (import(from!) as Promise<object>).then(Object.keys, () => [])
  return `'${from}' exports no ${name}.${alike(name, known)}`
}

async function loadDefault<T>(what: string, path: string): Promise<T | undefined> {
  const file = resolve(path)
  await access(file).catch(() => { throw new Error(`${what}: expected a file at ${file}, but there is none.`) })
  const underTsx = process.execArgv.some(argument => argument.includes('tsx'))
  const address = pathToFileURL(file).href
  const loaded = await ((underTsx ? import(address) : tsImport(address, import.meta.url)) as Promise<{ default?: T }>).catch(async (error: unknown) => {
    throw new Error(`${what}: expected ${path} to load, but it does not: ${await reason(error as Error)}`, { cause: error })
  })
  // A file that is taken for CommonJS keeps its default one level down.
  return (loaded.default as { default?: T } | undefined)?.default ?? loaded.default
}
