import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { isHeld, lockRun } from './run-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'lapstrake-lock-'))
const file = join(folder, 'lock.json')
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => rmSync(file, { recursive: true, force: true }))

test.each(['', '{"pid":'])('half a lock, as of a crash, holds nobody up once it is old: %j', async text => {
  writeFileSync(file, text)
  const before = new Date(Date.now() - 10_000)
  utimesSync(file, before, before)
  expect(isHeld(folder)).toBe(false)
  const lock = await lockRun(folder)
  expect(isHeld(folder)).toBe(true)
  lock.check()
  lock.release()
  expect(readdirSync(folder)).toEqual([])
})

test.each(['null', '5', '[]', '{}', '{"pid":"1"}'])('a file of that name that is no lock stays: %j', async text => {
  writeFileSync(file, text)
  await expect(lockRun(folder)).rejects.toThrow(
    `train: expected ${file} to say which process trains there, got ${text}.`
  )
  expect(isHeld(folder)).toBe(false)
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('a lock that cannot be read is said, and ends nothing that is saved', async () => {
  const lock = await lockRun(folder)
  rmSync(file)
  mkdirSync(file)
  const told = `train: expected to read who has ${file}, but could not (EISDIR). Check the disk and the folder.`
  expect(() => lock.check()).toThrow(told)
  await expect(lockRun(folder)).rejects.toThrow(told)
  expect(isHeld(folder)).toBe(false)
  lock.release()
  expect(readdirSync(folder)).toEqual(['lock.json'])
})
