import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program in a process of its own that answers one JSON object a line with another. */
export interface LineProgram {
  /** What it says next. */
  hear<T>(): Promise<T>
  ask<T>(request: unknown): Promise<T>
  stop(): void
}

export function startProgram(command: string, args: readonly string[]): LineProgram {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  let failure: Error | undefined
  child.on('error', error => {
    failure = error
  })
  // A child that is gone is noticed when it does not answer.
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const hear = async <T>(): Promise<T> => {
    const { value, done } = (await lines.next()) as IteratorResult<string, undefined>
    if (done) {
      const why = failure ? `: ${failure.message}` : '. What it printed stands above.'
      throw new Error(`bench: expected an answer from ${command}, but it ended${why}`)
    }
    return JSON.parse(value) as T
  }
  return {
    hear,
    ask: request => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return hear()
    },
    stop: () => {
      child.stdin.end()
    }
  }
}
