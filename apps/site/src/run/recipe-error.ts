/** What is wrong with a recipe, and in which line of it, from 1, where that is known. */
export class RecipeError extends Error {
  constructor(
    message: string,
    readonly line?: number,
    options?: ErrorOptions
  ) {
    super(message, options)
    this.name = 'RecipeError'
  }
}

/** What the engine is told a recipe's code comes from, so that stacks show it. */
export const addressOf = (file: string): string => `recipe:${file}`

/**
 * The line of a recipe in which an error was thrown, or from which it was called, or so for the error that caused it.
 */
export function lineOf(file: string, error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const line = new RegExp(`${addressOf(file).replaceAll('.', '\\.')}:(\\d+)`).exec(error.stack ?? '')?.[1]
  return line === undefined ? lineOf(file, error.cause) : Number(line) - linesAhead
}

/** Lines that engines put ahead of a function's body: two in most. */
const linesAhead = ((): number => {
  try {
    new Function('a', `throw new Error()\n//# sourceURL=${addressOf('probe')}`)()
  } catch (error) {
    return Number(new RegExp(`${addressOf('probe')}:(\\d+)`).exec((error as Error).stack ?? '')?.[1] ?? 3) - 1
  }
  return 2
})()
