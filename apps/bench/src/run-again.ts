import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface RunAgainOptions {
  /** Shows what it says while it runs. */
  readonly aloud?: boolean | undefined
}

/**
 * Runs this program again with other arguments and takes the JSON that it prints: the memory of wasm never shrinks, and
 * what one measurement leaves of it is not another's concern.
 *
 * @throws Error with what it said on standard error as `stderr`
 */
export async function runAgain<T>(args: readonly string[], { aloud = false }: RunAgainOptions = {}): Promise<T> {
  const running = promisify(execFile)(process.execPath, [...process.execArgv, process.argv[1]!, ...args])
  if (aloud) running.child.stderr?.pipe(process.stderr)
  return JSON.parse((await running).stdout) as T
}

/** The line of what a program said that tells its error. */
export const errorLine = ({ message, stderr = '' }: Error & { stderr?: string | undefined }): string =>
  /^\w*Error: .*$/m.exec(stderr)?.[0] ?? message
