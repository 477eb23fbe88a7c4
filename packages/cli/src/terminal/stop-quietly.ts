import { inspect } from 'node:util'
import { inOurWords, placeOf, WrongSetting } from '@lapstrake/runs/node'
import { UsageError } from './usage-error.ts'

/** Errors of lapstrake are whole sentences: print them without a stack, unless one is asked for. */
export function stopQuietly(): void {
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
}

/**
 * Prints an error, with the line of the user's that led to it, and ends: with 2 where what was typed is wrong, with 1
 * where what was asked for failed.
 */
export function fail(error: unknown): never {
  process.stderr.write(process.env.LAPSTRAKE_STACK ? `${inspect(error)}\n` : `${inOurWords(error)}\n${placeOf(error)}`)
  process.exit(error instanceof UsageError || error instanceof WrongSetting ? 2 : 1)
}

/** Runs a command; an error ends it with its message. */
export const quietly = (run: () => Promise<void>): Promise<void> => run().catch(fail)
