import { readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inOurWords } from './in-our-words.ts'

const thrownBy = (f: () => unknown): unknown => {
  try {
    return f()
  } catch (error) {
    return error
  }
}

test('what the system says of a call is a sentence that names the file and what helps', () => {
  expect(inOurWords(thrownBy(() => readdirSync('/nowhere')))).toBe(
    'lapstrake: expected the system to do scandir with /nowhere, but it could not (ENOENT). ' +
      'Check the disk and the folder.'
  )
})

test.skipIf(process.platform !== 'linux')('a full disk is said to be one', () => {
  expect(inOurWords(thrownBy(() => writeFileSync('/dev/full', 'x')))).toBe(
    'lapstrake: expected the system to do write, but it could not (ENOSPC). The disk is full: make room.'
  )
})

test.each([() => new ArrayBuffer(2 ** 52), () => new Float32Array(2 ** 50), () => 'ab'.repeat(2 ** 40)])(
  'a lack of memory is said to be one: %s',
  ask => {
    expect(inOurWords(thrownBy(ask))).toMatch(
      /^lapstrake: expected enough memory, got none \(.+\)\. Lower the batch size, /
    )
  }
)

test('our own sentences stay as they are', () => {
  expect(inOurWords(new Error('loco: expected a depth, got none.'))).toBe('loco: expected a depth, got none.')
  expect(inOurWords('no error at all')).toBe('no error at all')
})
