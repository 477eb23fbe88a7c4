import type { Attributes } from '@lapstrake/kernels'

/** What an attribute of a kernel is in a file. */
export type Written =
  | string
  | number
  | boolean
  | null
  | readonly Written[]
  /** So many for each image of the batch. */
  | { readonly perImage: number }
  /** A number that JSON has not. */
  | { readonly number: 'NaN' | 'Infinity' | '-Infinity' }

/**
 * Attributes for a file, from those that a kernel had with two images and with three: a number that grows with them is
 * written as so many for each.
 *
 * @param fail is told what there is that cannot be written
 */
export const writtenAttributes = (
  two: Attributes,
  three: Attributes,
  fail: (what: string) => never
): Readonly<Record<string, Written>> =>
  Object.fromEntries(
    Object.entries(two)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, written(value, three[name], what => fail(`${name}, which is ${what}`))])
  )

function written(two: unknown, three: unknown, fail: (what: string) => never): Written {
  if (isList(two)) {
    if (!isList(three) || three.length !== two.length) return fail('as long as there are images')
    return Array.from(two, (value, i) => written(value, three[i], fail))
  }
  if (typeof two === 'number' && typeof three === 'number' && !Object.is(two, three)) {
    const perImage = two / 2
    return Number.isInteger(perImage) && three === 3 * perImage
      ? { perImage }
      : fail(`${two} for two images and ${three} for three`)
  }
  if (!Object.is(two, three)) return fail('another for two images than for three')
  if (typeof two === 'number' && !Number.isFinite(two)) return { number: String(two) as 'NaN' }
  if (two === null || typeof two === 'number' || typeof two === 'string' || typeof two === 'boolean') return two
  return fail(`a ${typeof two}`)
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || ArrayBuffer.isView(value)

/** Whether something read from a file is an attribute. */
export const isWritten = (value: unknown): value is Written => {
  if (Array.isArray(value)) return value.every(isWritten)
  if (typeof value !== 'object') return true
  if (value === null) return true
  const entries = Object.entries(value) as [string, unknown][]
  const [name, content] = entries[0] ?? []
  if (entries.length !== 1) return false
  return (name === 'perImage' && Number.isInteger(content)) || (name === 'number' && numbers.has(content as string))
}

const numbers = new Map([NaN, Infinity, -Infinity].map(value => [String(value), value]))

/** An attribute for a batch of so many images. */
export function attributeFor(value: Written, images: number): unknown {
  if (Array.isArray(value)) return (value as readonly Written[]).map(one => attributeFor(one, images))
  if (typeof value !== 'object' || value === null) return value
  return 'perImage' in value ? value.perImage * images : numbers.get((value as { number: string }).number)
}
