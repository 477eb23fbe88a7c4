import type { Random } from '@lapstrake/core'

/**
 * Insists on a source of random numbers.
 *
 * @throws TypeError for anything else
 */
export function checkRandom(who: string, random: Random): void {
  if (typeof (random as Partial<Random> | undefined)?.split === 'function') return
  throw new TypeError(`${who}: expected random to be a source of random numbers, got none. Try seeded(0).`)
}
