/** A whole number from the command line. */
export function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least || text.trim() === '') {
    throw new RangeError(`${option}: expected a whole number of ${least} or more, got ${text}.`)
  }
  return value
}
