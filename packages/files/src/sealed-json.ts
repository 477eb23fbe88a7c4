import { crc32c } from './crc32c.ts'

/** The field that holds the checksum of the others. */
const field = 'crc32c'

const checksumOf = (value: object): string => crc32c(JSON.stringify(value)).toString(16).padStart(8, '0')

/**
 * An object as JSON whose last field, `crc32c`, is a checksum of the others as `JSON.stringify` writes them. White
 * space does not count.
 *
 * @param space as of `JSON.stringify`
 */
export const sealJson = (value: object, space?: number): string => {
  const { [field]: _, ...content } = value as Record<string, unknown>
  return JSON.stringify({ ...content, [field]: checksumOf(content) }, undefined, space)
}

/**
 * Reads what {@link sealJson} wrote, without the checksum.
 *
 * @param name what errors call it: the file, and the line where a file has many
 * @throws Error that names it if it is no JSON object, has no checksum, or one that does not fit
 */
export function openJson<T extends object>(text: string, name: string): T {
  const fail = (what: string, cause?: unknown): never => {
    throw new Error(
      `${name}: expected JSON as lapstrake wrote it, got ${what}. It is damaged, or was changed since; ` +
        'put back a copy.',
      { cause }
    )
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return fail('what is no JSON', error)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return fail('JSON that is no object')
  const { [field]: told, ...content } = parsed as Record<string, unknown>
  if (told === undefined) return fail(`no checksum in "${field}"`)
  if (typeof told !== 'string') return fail(`a checksum in "${field}" that is no text`)
  let found: string
  try {
    found = checksumOf(content)
  } catch (error) {
    return fail('JSON that is nested too deep', error)
  }
  if (told !== found) return fail(`a checksum of ${JSON.stringify(told)} where its content has "${found}"`)
  return content as T
}
