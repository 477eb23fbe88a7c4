import { didYouMean } from '@lapstrake/core'

/** Names of classes in the order of their numbers: by value where all are whole numbers, else by their letters. */
export function sortedClasses(names: Iterable<string>): readonly string[] {
  const all = [...new Set(names)]
  const areNumbers = all.every(name => /^\d{1,15}$/.test(name))
  return all.sort(areNumbers ? (a, b) => Number(a) - Number(b) || (a < b ? -1 : 1) : undefined)
}

/** What labels are where they are read: numbers of classes, their names, or none. */
export type GivenLabels = ArrayLike<number> | ArrayLike<bigint> | readonly string[]

/** Labels as numbers of classes, and what the classes are called. */
export interface Numbered {
  readonly labels: Int32Array
  readonly classes: readonly string[]
}

/** More classes than anybody numbers from 0. */
const mostClasses = 1e5

/**
 * Numbers the labels of examples. Names are numbered as the classes that are said, else in their own order; numbers
 * stand for classes that are called by them, where no names are said.
 *
 * @param classes names in the order of their numbers; [] where there are none to say
 * @throws TypeError for what is no list of numbers or of names
 * @throws RangeError for a number that is none of a class, and a name that is not among the classes
 */
export function numberedClasses(who: string, given: GivenLabels, classes: readonly string[] | undefined): Numbered {
  const list: ArrayLike<unknown> = given
  const isList = Array.isArray(given) || (ArrayBuffer.isView(given) && !(given instanceof DataView))
  if (!isList) {
    throw new TypeError(
      `${who}: expected labels as a list of the class of each image, as numbers or names, got ${shownType(given)}. ` +
        'Leave them out where there are none.'
    )
  }
  if (typeof list[0] === 'string') return byName(who, list, classes)
  const labels = new Int32Array(list.length)
  const most = classes === undefined || classes.length === 0 ? mostClasses : classes.length
  for (let i = 0; i < list.length; i++) {
    const label = typeof list[i] === 'bigint' ? Number(list[i]) : list[i]
    if (typeof label !== 'number')
      throw new TypeError(
        `${who}: expected labels that are all numbers, or all names, got ${shownType(label)} for image ${i}. ` +
          'Put -1 where none is known.'
      )
    if (!Number.isInteger(label) || label < -1 || label >= most) {
      throw new RangeError(
        `${who}: expected labels from 0 to ${most - 1}, or -1 where none is known, got ${label} for image ${i}. ` +
          (classes === undefined ? 'Number the classes from 0, or give their names as labels.' : 'Name all classes.')
      )
    }
    labels[i] = label
  }
  const count = labels.reduce((largest, label) => Math.max(largest, label), -1) + 1
  return { labels, classes: classes ?? Array.from({ length: count }, (_, i) => String(i)) }
}

function byName(who: string, names: ArrayLike<unknown>, known: readonly string[] | undefined): Numbered {
  const all = Array.from(names)
  const stranger = all.findIndex(name => typeof name !== 'string' || name === '')
  if (stranger >= 0) {
    throw new TypeError(
      `${who}: expected the name of a class for every image, got ${shownType(all[stranger])} for image ${stranger}. ` +
        'Give numbers, with -1 where none is known.'
    )
  }
  const classes = known === undefined || known.length === 0 ? sortedClasses(all as string[]) : known
  const numbers = new Map(classes.map((name, number) => [name, number]))
  const labels = Int32Array.from(all as string[], (name, i) => {
    const number = numbers.get(name)
    if (number !== undefined) return number
    const some = classes.slice(0, 10).join(', ') + (classes.length > 10 ? ', …' : '')
    throw new RangeError(
      `${who}: expected labels among the classes ${some}, got '${name}' for image ${i}.${didYouMean(name, classes)}`
    )
  })
  return { labels, classes }
}

const shownType = (value: unknown): string =>
  value === '' ? 'an empty text' : typeof value === 'object' && value !== null ? 'a record' : String(value)
