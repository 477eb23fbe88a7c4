import { jsonRecord } from './json-record.ts'
import { shown } from './shown.ts'

/** Numbers that JSON has no words for, or loses the sign of. */
const words = ['NaN', 'Infinity', '-Infinity', '-0']

/** Numbers by name as JSON. */
export const encodeNumbers = (numbers: ReadonlyMap<string, number>): string =>
  JSON.stringify(Object.fromEntries([...numbers].map(([name, number]) => [name, wordOf(number) ?? number])))

const wordOf = (number: number): string | undefined => words.find(word => Object.is(Number(word), number))

/** The numbers that {@link encodeNumbers} wrote; `fail` is told what stands there instead. */
export const decodeNumbers = (json: string, fail: (what: string) => never): ReadonlyMap<string, number> =>
  new Map(
    Object.entries(jsonRecord(json, fail)).map(([name, value]) => {
      const known = typeof value === 'string' ? words.includes(value) : Number.isFinite(value)
      return [name, known ? Number(value) : fail(`holds no number for ${shown(name)}`)]
    })
  )
