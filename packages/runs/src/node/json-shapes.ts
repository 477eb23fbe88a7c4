/** Whether what was parsed from JSON is of a shape. */
export type Is = (value: unknown) => boolean

export const isText: Is = value => typeof value === 'string'
export const isCount: Is = value => Number.isSafeInteger(value) && (value as number) >= 0
/** JSON has no word for a number that is none or infinite, and has null instead. */
export const isNumberOrNull: Is = value => value === null || Number.isFinite(value)
export const isFlag: Is = value => typeof value === 'boolean'
export const isRecord: Is = value => typeof value === 'object' && value !== null && !Array.isArray(value)
export const listOf =
  (is: Is): Is =>
  value =>
    Array.isArray(value) && value.every(is)
export const recordOf =
  (is: Is): Is =>
  value =>
    isRecord(value) && Object.values(value as object).every(is)

/** Fields that must be there, and some that may be. */
export const objectOf =
  (fields: Shapes, optional: Shapes = {}): Is =>
  value => {
    if (!isRecord(value)) return false
    const found = new Map(Object.entries(value as object))
    return (
      Object.entries(fields).every(([name, is]) => found.has(name) && is(found.get(name))) &&
      Object.entries(optional).every(([name, is]) => !found.has(name) || is(found.get(name)))
    )
  }

/** What fields must be, by their names. */
export type Shapes = Readonly<Record<string, Is>>
