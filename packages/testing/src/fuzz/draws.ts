import type { Random } from '@lapstrake/core'

/** Whole numbers from 0 up to a bound, one after another. */
export type Draw = (below: number) => number

/** The numbers of a source, in an order that never ends. */
export function draws(random: Random): Draw {
  let words: Uint32Array = new Uint32Array()
  let used = 0
  let blocks = 0
  return below => {
    if (used === words.length) {
      words = random.split(blocks++).bits(32)
      used = 0
    }
    return Math.floor((words[used++]! / 2 ** 32) * below)
  }
}
