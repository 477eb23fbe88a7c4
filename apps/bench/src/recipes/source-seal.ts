// Whether a recipe is still the one that was measured.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Twelve letters of what a recipe and the files that it imports say, but for their comments and spaces. */
export async function sourceSeal(file: string): Promise<string> {
  const hash = createHash('sha256')
  for (const text of await sourcesOf(resolve(file), new Set())) hash.update(text)
  return hash.digest('hex').slice(0, 12)
}

async function sourcesOf(file: string, seen: Set<string>): Promise<readonly string[]> {
  if (seen.has(file)) return []
  seen.add(file)
  const text = (await readFile(file, 'utf8')).replace(/\/\*[^]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const others: string[] = []
  for (const [, path] of text.matchAll(/from '(\.[^']+)'/g))
    others.push(...(await sourcesOf(resolve(dirname(file), path!), seen)))
  return [text.replace(/\s+/g, ''), ...others]
}
