import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkFolderFor } from './folder-for.ts'

test('takes folders that are there or could be made, and refuses a file on the way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lapstrake-folder-'))
  const file = join(folder, 'page.html')
  await writeFile(file, '')
  for (const path of [folder, join(folder, 'new'), join(folder, 'new', 'below'), '.', '/'])
    await expect(checkFolderFor('export', '--out', path)).resolves.toBeUndefined()
  for (const path of [file, join(file, 'below'), join(file, 'far', 'below')])
    await expect(checkFolderFor('export', '--out', path)).rejects.toThrow(
      `export: expected a folder for --out, got ${file}, which is none. Choose another place.`
    )
  await rm(folder, { recursive: true })
})
