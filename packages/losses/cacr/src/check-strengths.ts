/** @throws RangeError if an option is not a finite number of 0 or more */
export function checkStrengths(who: string, strengths: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(strengths)) {
    if (!(value >= 0 && value < Infinity))
      throw new RangeError(`${who}: expected 0 or more for ${name}, got ${value}. Try 1.`)
  }
}
