import { register as registerHook } from 'node:module'
import { register as registerTsx } from 'tsx/esm/api'

/** Takes a user's files for ES modules, whatever package.json says of them. */
const hook = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  return found.format === 'commonjs' && !/[/]node_modules[/]|[.]c[jt]s$/.test(found.url) ? { ...found, format: 'module' } : found
}`

/**
 * Imports a user's file, in TypeScript or JavaScript.
 *
 * In a folder whose package.json says commonjs, as the one that `npm init` writes, it would bring its own copies of lapstrake and TensorFlow.js otherwise.
 */
export function importOwn(address: string): Promise<object> {
  // Where tsx runs everything, as in this repository, all is as it should be.
  if (process.execArgv.some(argument => argument.includes('tsx'))) return import(address) as Promise<object>
  const tsx = registerTsx({ namespace: 'lapstrake' })
  registerHook(`data:text/javascript,${encodeURIComponent(hook)}`)
  return tsx.import(address, import.meta.url) as Promise<object>
}
