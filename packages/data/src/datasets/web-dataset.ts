import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract, type Header } from 'tar-stream'
import { cachedIndex } from './cached-index.ts'
import type { Dataset } from './dataset.ts'
import { decode } from './decode.ts'
import { decoded, type DecodedOptions } from './decoded.ts'

export interface WebDatasetOptions extends DecodedOptions {
  /** Names of the classes, in the order of their numbers; numbers when left out. */
  readonly classes?: readonly string[]
  /** Called as each shard is listed for the first time, which reads it once. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Where the images of a shard lie, and their classes; -1 where none is said. */
interface ShardIndex {
  readonly offsets: number[]
  readonly sizes: number[]
  readonly labels: number[]
}

/**
 * Tar archives as WebDataset has them (https://github.com/webdataset/webdataset): members that share a name up to its first dot are one example, with its image in
 * `.jpg`, `.jpeg`, `.png` or `.webp` and its class, if it is known, as a number in `.cls` or as `label` or `cls` in `.json`. Any example may be read at any time; where they lie
 * is listed once and remembered in the user's cache.
 *
 * @param shards paths, or one with a range such as `train-{000..099}.tar`
 * @throws Error if a shard is missing, compressed, cut short or without images, and on reading if an image cannot be decoded
 */
export async function webDataset(shards: string | readonly string[], { classes, onProgress, ...options }: WebDatasetOptions): Promise<Dataset> {
  const paths = [shards].flat().flatMap(expanded)
  const indices: ShardIndex[] = []
  for (const [i, path] of paths.entries()) {
    const { size, mtimeMs } = await stat(path).catch((error: unknown) => {
      throw new Error(`webDataset: expected a shard at ${path}, but it cannot be read.`, { cause: error })
    })
    indices.push(await cachedIndex(resolve(path), `${size} ${mtimeMs}`, () => indexOf(path)))
    onProgress?.(i + 1, paths.length)
  }
  const labels = Int32Array.from(indices.flatMap(({ labels }) => labels))
  const firsts = indices.reduce<number[]>((firsts, { labels }) => [...firsts, firsts.at(-1)! + labels.length], [0])
  const count = Math.max(0, ...labels) + 1
  if (classes !== undefined && classes.length < count) throw new Error(`webDataset: expected ${count} classes or more, for a label is ${count - 1}, got ${classes.length} names.`)
  const pixelsOf = (example: number): Promise<Uint8Array> => {
    const shard = firsts.findLastIndex(first => first <= example)
    const [path, offset, size] = [paths[shard]!, indices[shard]!.offsets[example - firsts[shard]!]!, indices[shard]!.sizes[example - firsts[shard]!]!]
    return decode({ path, offset, size }, options.length).catch((error: unknown) => {
      throw new Error(`webDataset: expected an image at byte ${offset} of ${path}, but it is damaged. Make the shard anew.`, { cause: error })
    })
  }
  const name = [shards].flat().length === 1 ? [shards].flat()[0]! : `${paths[0]} and ${paths.length - 1} more`
  return decoded({ name, classes: classes ?? Array.from({ length: count }, (_, i) => String(i)), labels, pixelsOf }, options)
}

/** `a-{08..11}.tar` as four paths, with as many digits. */
function expanded(path: string): string[] {
  const [range, from, to] = /\{(\d+)\.\.(\d+)\}/.exec(path) ?? []
  if (range === undefined) return [path]
  const [first, last] = [Number(from), Number(to)]
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => path.replace(range, String(first + i).padStart(from!.length, '0')))
}

/** Reads a shard once. */
async function indexOf(path: string): Promise<ShardIndex> {
  if (/\.(gz|tgz|zst|xz)$/.test(path)) throw new Error(`webDataset: expected a tar archive that can be read anywhere, got ${path}, which is compressed. Unpack it: images gain nothing from it.`)
  const examples = new Map<string, { offset?: number; size?: number; label?: number }>()
  const archive = extract()
  archive.on('entry', (header: Header & { byteOffset?: number }, stream, next) => {
    const [, key, extension] = /^(.*?[^/]*?)\.([^/]*)$/.exec(header.name) ?? []
    const example = key === undefined ? {} : examples.get(key) ?? {}
    if (key !== undefined && header.type === 'file') examples.set(key, example)
    const chunks: Buffer[] = []
    const wanted = extension === 'cls' || extension === 'json'
    if (/^(jpe?g|png|webp)$/i.test(extension ?? '')) Object.assign(example, { offset: header.byteOffset, size: header.size })
    stream.on('data', chunk => { if (wanted) chunks.push(chunk as Buffer) })
    stream.on('end', () => {
      if (wanted) Object.assign(example, { label: labelIn(Buffer.concat(chunks).toString(), extension!) })
      next()
    })
  })
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), archive).catch((error: unknown) => {
    throw new Error(`webDataset: expected ${path} to be a whole tar archive, but it is damaged or cut short.`, { cause: error })
  })
  const whole = [...examples.values()].filter(({ offset }) => offset !== undefined)
  if (whole.length === 0) throw new Error(`webDataset: expected images (.jpg, .png, .webp) in ${path}, got none.`)
  return { offsets: whole.map(({ offset }) => offset!), sizes: whole.map(({ size }) => size!), labels: whole.map(({ label = -1 }) => label) }
}

function labelIn(text: string, extension: string): number {
  try {
    const said = extension === 'cls' ? Number(text.trim() === '' ? NaN : text) : Number((({ label, cls }: { label?: unknown; cls?: unknown }) => label ?? cls)(JSON.parse(text) as object))
    return Number.isInteger(said) ? said : -1
  } catch {
    return -1
  }
}
