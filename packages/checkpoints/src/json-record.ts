/**
 * The object that a text holds as JSON.
 *
 * @param fail is told what it holds instead: other things, or a name twice, of which `JSON.parse` keeps the last
 */
export function jsonRecord(text: string, fail: (what: string) => never): Readonly<Record<string, unknown>> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return fail('is not JSON')
  }
  if (!isRecord(parsed)) return fail('is JSON, but no object')
  if (namesWritten(text) !== namesKept(parsed)) return fail('holds a name twice')
  return parsed
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** How many names stand in a JSON text. Without what is escaped, quotes come in pairs, and colons only behind names. */
function namesWritten(text: string): number {
  let count = 0
  for (const [, colon] of text.replaceAll(/\\./g, '').matchAll(/"[^"]*"\s*(:)?/g)) if (colon !== undefined) count++
  return count
}

/** How many names the objects within a value have; without recursion, for JSON may be nested deeper than calls. */
function namesKept(value: unknown): number {
  let count = 0
  for (const open = [value]; open.length > 0; ) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    const children = Object.values(next)
    if (!Array.isArray(next)) count += children.length
    for (const child of children) open.push(child)
  }
  return count
}
