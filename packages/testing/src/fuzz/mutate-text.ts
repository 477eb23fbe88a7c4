import type { Draw } from './draws.ts'

/** What stands in the place of a number in JSON. */
export const extremeNumbers: readonly string[] = [
  '-1',
  '0',
  '-0',
  '1',
  '0.5',
  '1e308',
  '1e999',
  '-1e999',
  '2147483648',
  '-2147483649',
  '4294967295',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '18446744073709551615',
  'NaN',
  'Infinity',
  'null',
  'true',
  '""',
  '"1"',
  '"NaN"',
  '[]',
  '[0]',
  '{}',
  '00',
  '1.',
  '1e',
  ''
]

/** What stands in the place of a text in JSON: names that objects have already, among others. */
export const extremeTexts: readonly string[] = [
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"hasOwnProperty"',
  '"length"',
  '"__metadata__"',
  '"crc32c"',
  '""',
  '"."',
  '"a.b"',
  '"0"',
  '"4294967295"',
  '"NaN"',
  '"-0"',
  '"\\u0000"',
  '"\\ud800"',
  '"\\"',
  '5',
  'null',
  'true',
  '[]',
  '{}'
]

export const bytesOfText = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

/** Bytes, taken for text with a letter for each, of which one match is replaced; as they were where there is none. */
export function replaceMatch(
  bytes: Uint8Array,
  pattern: RegExp,
  draw: Draw,
  replacement: (matches: readonly string[]) => string
): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const matches = [...text.matchAll(pattern)]
  const match = matches[draw(matches.length)]
  if (match === undefined) return bytes
  const end = match.index + match[0].length
  return bytesOfText(text.slice(0, match.index) + replacement(matches.map(([found]) => found)) + text.slice(end))
}
