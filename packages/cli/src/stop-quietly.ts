import { relative } from 'node:path'
import { inspect } from 'node:util'
import { inOurWords } from './in-our-words.ts'

/** Errors of lapstrake are whole sentences: print them without a stack, unless one is asked for. */
export function stopQuietly(): void {
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
}

const own: string[] = []

/** From now on errors that come from a file of the user's own say from which line of it. */
export const tellLinesOf = (file: string): void => {
  own.push(file)
}

/** Prints an error, with the line of the user's that led to it, and ends with a failure. */
export function fail(error: unknown): never {
  process.stderr.write(process.env.LAPSTRAKE_STACK ? `${inspect(error)}\n` : `${inOurWords(error)}\n${placeOf(error)}`)
  process.exit(1)
}

/**
 * The line of a user's file that stands highest in an error's stack, or in that of what caused it; nothing where none
 * does.
 */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const frame = error.stack
    ?.split('\n')
    .find(line => line.trimStart().startsWith('at ') && own.some(file => line.includes(file)))
  const [, line, column] = /:(\d+):(\d+)\)?$/.exec(frame ?? '') ?? []
  const file = own.find(file => frame?.includes(file))
  return file === undefined ? placeOf(error.cause) : `In ${relative('', file)}, line ${line}, column ${column}.\n`
}

/** Runs a command; an error ends it with its message. */
export const quietly = (run: () => Promise<void>): Promise<void> => run().catch(fail)
