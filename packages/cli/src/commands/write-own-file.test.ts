import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spansSvg } from 'lapstrake'
import { expect, test } from 'vitest'
import { htmlPage } from '../pages/html-page.ts'
import { tinyRecipe } from '../testing/lapstrake.ts'
import { writeOwnFile } from '@lapstrake/runs/node'

test('replaces what lapstrake wrote, and no other file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lapstrake-own-'))
  const path = join(folder, 'file')
  const own = [
    htmlPage('one', ''),
    spansSvg([{ start: 0, end: 1 }], ['conv']),
    '// Written by lapstrake sweep.\nexport default 1',
    'lapstrake train x\n'
  ]
  for (const text of own) await writeOwnFile(path, text)
  await writeOwnFile(path, 'two, by hand')
  for (const text of [undefined, tinyRecipe(), '{"name":"lapstrake"}', '']) {
    if (text !== undefined) writeFileSync(path, text)
    const before = readFileSync(path, 'utf8')
    await expect(writeOwnFile(path, 'three')).rejects.toThrow(
      `${path}: expected no file, or one that lapstrake wrote, got another. Move it away`
    )
    expect(readFileSync(path, 'utf8')).toBe(before)
  }
  await rm(folder, { recursive: true })
})
