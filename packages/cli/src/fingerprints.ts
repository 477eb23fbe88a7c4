import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import type { Dataset } from 'lapstrake'

const hashOf = (...parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 16)
}

/** The recipe file and the files of one's own that it imports, by their paths from its folder, each with a hash of its content. */
export async function recipeFingerprint(recipePath: string): Promise<Readonly<Record<string, string>>> {
  const root = resolve(recipePath)
  const hashes: Record<string, string> = {}
  const waiting = [root]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const name = relative(dirname(root), file)
    if (name in hashes) continue
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    hashes[name] = hashOf(text)
    for (const [, imported] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) waiting.push(resolve(dirname(file), imported!))
  }
  return hashes
}

/** A hash of what a data set shows at 64 places and at its ends: another folder of images, or the same with a file more, has another. */
export async function dataFingerprint(dataset: Dataset): Promise<string> {
  const count = Math.min(64, dataset.size)
  const places = [...new Set(Array.from({ length: count }, (_, i) => Math.floor(i * (dataset.size - 1) / Math.max(1, count - 1))))]
  const { images, labels } = await dataset.read(places)
  return hashOf(`${dataset.name} ${dataset.size} ${dataset.shape.join()}`, bytesOf(images), labels === undefined ? '' : bytesOf(labels))
}

const bytesOf = (numbers: ArrayLike<number>): Uint8Array => {
  const floats = Float32Array.from(numbers)
  return new Uint8Array(floats.buffer)
}
