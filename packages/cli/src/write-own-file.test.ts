import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeOwnFile } from './write-own-file.ts'

test('replaces what lapstrake made, and no other file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lapstrake-own-'))
  const path = join(folder, 'report.html')
  await writeOwnFile(path, '<title>lapstrake: one</title>')
  await writeOwnFile(path, 'two, by hand')
  await expect(writeOwnFile(path, 'three')).rejects.toThrow(`${path}: expected no file, or one that lapstrake made, got another. Move it away`)
  expect(readFileSync(path, 'utf8')).toBe('two, by hand')
  writeFileSync(path, `${' '.repeat(5000)}lapstrake`)
  await expect(writeOwnFile(path, 'three')).rejects.toThrow('got another')
  await rm(folder, { recursive: true })
})
