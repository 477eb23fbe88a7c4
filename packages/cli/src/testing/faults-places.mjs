// Where a call comes from.
import { findSourceMap } from 'node:module'

const packages = new URL('../../../', import.meta.url).href
const here = new URL('./faults', import.meta.url).href
/** Who keeps a memory says nothing of who asks it. */
const keepers = /\/wasm\/src\/(?:arena|engine|wasm-backend)\.ts$/

/** The first frame within packages/, as the engine has it, which is the same in every process. */
export function placeOf(kind) {
  const { prepareStackTrace, stackTraceLimit } = Error
  Error.prepareStackTrace = (_, frames) => frames
  Error.stackTraceLimit = 60
  const { stack: frames } = new Error()
  Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  const at = frames.findIndex(one => isOurs(one.getFileName() ?? '', kind))
  // A module that is being loaded reads files and makes tables for itself.
  if (frames.slice(0, at).some(one => one.getFileName()?.startsWith('node:internal/modules/'))) return undefined
  if (at < 0) return undefined
  const [frame] = frames.slice(at)
  return [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()].join(':')
}

const isOurs = (file, kind) =>
  file.startsWith(packages) &&
  !file.startsWith(here) &&
  !file.includes('/node_modules/') &&
  !(kind === 'block' && keepers.test(file))

/** The same in the file that was written by hand. */
export function mapped(place) {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(place)
  const { originalLine, originalColumn } = findSourceMap(file)?.findEntry(line - 1, column - 1) ?? {}
  const at = originalLine === undefined ? `${line}:${column}` : `${originalLine + 1}:${originalColumn + 1}`
  return `${file.slice(packages.length)}:${at}`
}
