import { relative } from 'node:path'

const own: string[] = []

/** From now on errors that come from a file of the user's own say from which line of it. */
export const tellLinesOf = (file: string): void => {
  own.push(file)
}

/**
 * The line of a user's file that stands highest in an error's stack, or in that of what caused it; nothing where none
 * does.
 */
export function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const frame = error.stack
    ?.split('\n')
    .find(line => line.trimStart().startsWith('at ') && own.some(file => line.includes(file)))
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(frame ?? '') ?? []
  const file = own.find(file => frame?.includes(file))
  return file === undefined ? placeOf(error.cause) : `In ${relative('', file)}, line ${line}, column ${column}.\n`
}
