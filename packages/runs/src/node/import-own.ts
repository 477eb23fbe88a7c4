import { realpathSync } from 'node:fs'
import { register as registerHook } from 'node:module'
import { pathToFileURL } from 'node:url'
import { register as registerTsx } from 'tsx/esm/api'

/**
 * Takes a user's files for ES modules, whatever package.json says of them; and finds packages that are not to be found
 * from where they lie, as from a run that was copied, from here, from the program that runs and from the folder that it
 * was started in.
 */
const hook = (parents: readonly string[]): string => `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context).catch(async error => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|^\\w+:/.test(specifier)) throw error
    for (const parentURL of ${JSON.stringify(parents)}) {
      try {
        return await next(specifier, { ...context, parentURL })
      } catch {}
    }
    throw error
  })
  const own = found.format === 'commonjs' && !/[/]node_modules[/]|[.]c[jt]s$/.test(found.url)
  return own ? { ...found, format: 'module' } : found
}`

/**
 * Imports a user's file, in TypeScript or JavaScript.
 *
 * @param from the address of a file whose packages it may want, where it has none of its own
 *
 * In a folder whose package.json says commonjs, as the one that `npm init` writes, it would bring its own copies of
 * lapstrake and TensorFlow.js otherwise.
 */
export function importOwn(address: string, from: string): Promise<object> {
  const parents = [from, import.meta.url, ...programs(), pathToFileURL(`${process.cwd()}/`).href]
  registerHook(`data:text/javascript,${encodeURIComponent(hook(parents))}`)
  // Where tsx runs everything, as in this repository, all else is as it should be.
  if (process.execArgv.some(argument => argument.includes('tsx'))) return import(address) as Promise<object>
  return registerTsx({ namespace: 'lapstrake' }).import(address, import.meta.url) as Promise<object>
}

/** The address of the program that runs, the command's as a rule; none where there is no file of it. */
function programs(): readonly string[] {
  const [, program] = process.argv
  try {
    return program === undefined ? [] : [pathToFileURL(realpathSync(program)).href]
  } catch {
    return []
  }
}
