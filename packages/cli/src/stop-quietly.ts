import { inspect } from 'node:util'

/** Errors of lapstrake are whole sentences: print them without a stack, unless one is asked for. */
export function stopQuietly(): void {
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
}

/** Prints an error and ends with a failure. */
export function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${process.env.LAPSTRAKE_STACK ? inspect(error) : message}\n`)
  process.exit(1)
}

/** Runs a command; an error ends it with its message. */
export const quietly = (run: () => Promise<void>): Promise<void> => run().catch(fail)
