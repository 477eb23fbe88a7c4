import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Experiment } from 'lapstrake'
import { tsImport } from 'tsx/esm/api'

const fields = ['name', 'backbone', 'isolation', 'head', 'loss', 'optimizer', 'views', 'batchSize', 'epochs'] as const

/** Loads the experiment that a recipe file exports by default. */
export async function loadExperiment(path: string): Promise<Experiment> {
  const file = resolve(path)
  await access(file).catch(() => { throw new Error(`recipe: expected a file at ${file}, but there is none.`) })
  const underTsx = process.execArgv.some(argument => argument.includes('tsx'))
  const address = pathToFileURL(file).href
  const loaded = (underTsx ? await import(address) : await tsImport(address, import.meta.url)) as { default?: Partial<Experiment> }
  // A file that is taken for CommonJS keeps its default one level down.
  const experiment = (loaded.default as { default?: Partial<Experiment> } | undefined)?.default ?? loaded.default
  const missing = fields.filter(field => experiment?.[field] === undefined)
  if (missing.length > 0) {
    throw new Error(`recipe: expected ${path} to export an experiment by default, but it lacks ${missing.join(', ')}.`)
  }
  return experiment as Experiment
}
