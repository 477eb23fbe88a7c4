import { bytesToFetch, cifar10, fashionMnist, shapes, type ServedSet } from '@lapstrake/data'
import type { OtherData } from '../../run/data/other-data.ts'

/** What a site serves, by the names of the data. */
export type Served = Readonly<Partial<Record<string, ServedSet>>>

/** An entry of the menu: what it says, and whether a run would get it. */
export interface Entry {
  readonly said: string
  readonly there: boolean
}

const drawn = shapes().name
const titles: Readonly<Record<string, string>> = {
  [drawn]: 'drawn shapes',
  [cifar10().name]: 'CIFAR-10',
  [fashionMnist().name]: 'Fashion-MNIST'
}

/** Data that are drawn are always there; others where the site serves them. */
const isDrawn = (name: string): boolean => name === drawn

/** An entry of the menu of others: with its size, or that it is not here. */
export function entryOf({ said, data, limit }: OtherData, served: Served): Entry {
  const set = served[data.name]
  if (set !== undefined)
    return { said: `${said} (${(bytesToFetch(set, 'train', limit) / 1e6).toFixed(0)} MB)`, there: true }
  return isDrawn(data.name) ? { said, there: true } : { said: `${said} (not on this site)`, there: false }
}

/** The recipe's own data in the menu, by their name; where the site does not serve them, a run takes drawn shapes. */
export function ownEntry(name: string | undefined, served: Served): string {
  if (name === undefined) return "The recipe's own"
  const title = titles[name] ?? served[name]?.name ?? name
  return isDrawn(name) || served[name] !== undefined
    ? `The recipe's own: ${title}`
    : `The recipe's own: ${title} (not on this site: drawn shapes instead)`
}
