import { checkGiven, checkOptions } from '@lapstrake/core'
import { checkSignal } from '../sources/check-signal.ts'
import type { OpenProgress } from '../sources/data.ts'
import { LacksPart } from '../sources/lacks-part.ts'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { cachedIndex, lastChange, stateOf } from './cached-index.ts'
import type { ImageDataset } from './images.ts'
import { decoded } from './decoded.ts'
import { checkDecoded, decodedKinds, type DecodedOptions } from './decoded-options.ts'
import { isHidden, leavingOut, toldLeftOut } from '../left-out.ts'
import { bytesOf } from './open-file.ts'
import { indexOfShard, type ShardIndex } from './shard-index.ts'

/** How the images in tar archives are read. */
export interface OpenWebDatasetOptions extends DecodedOptions {
  /** Names of the classes, in the order of their numbers; numbers when left out. */
  readonly classes?: readonly string[] | undefined
  /** Called as each shard is listed for the first time, which reads it once. */
  readonly onProgress?: ((progress: OpenProgress) => void) | undefined
  /** Ends the listing between two shards, with its reason. */
  readonly signal?: AbortSignal | undefined
}

const mostShards = 1_000_000

/**
 * Tar archives as WebDataset has them (https://github.com/webdataset/webdataset): members that share a name up to its
 * first dot are one example, with its image in `.jpg`, `.png`, `.webp`, `.gif`, `.tif` or `.avif` and its class, if it
 * is known, as a number in `.cls`, else as `label` or `cls` in `.json`, or a `.json` that is a number; -1 is none. Any
 * example may be read at any time; where they lie is listed once and remembered in the user's cache. `leftOut` of the
 * data set tells what else is in the archives: also a member with another of its name behind it, which stands in its
 * place, and a `.json` that tells no class.
 *
 * @param shards paths, or one with ranges such as `train-{000..099}.tar`
 * @throws Error if a shard is missing, no file, compressed, without images, has links for images or classes, tells a
 * class that is no number, or does not end as an archive ends: one that is cut short is refused, wherever it is cut;
 * and an `UnreadableExample` on reading if an image is gone or cannot be decoded
 * @throws RangeError for a size that is no whole number from 1 to 8192, or a range from the higher number to the lower
 * @throws TypeError for what is none of the options
 */
export async function openWebDataset(
  shards: string | readonly string[],
  given: OpenWebDatasetOptions
): Promise<ImageDataset> {
  checkOptions('openWebDataset', given, { ...decodedKinds, classes: 'list', onProgress: 'function', signal: 'record' })
  checkDecoded('openWebDataset', given)
  const { classes, onProgress, signal, ...options } = given
  checkSignal('openWebDataset', signal)
  for (const path of [shards].flat())
    checkGiven('openWebDataset', "paths of tar archives, as in 'train-{00..99}.tar'", path, 'string')
  const paths = [shards].flat().flatMap(expanded)
  if (paths.length === 0) {
    throw new Error(`webDataset: expected shards, got none in ${JSON.stringify(shards)}. Name paths of tar archives.`)
  }
  const indices: ShardIndex[] = []
  for (const [i, path] of paths.entries()) {
    signal?.throwIfAborted()
    indices.push(await listed(path))
    onProgress?.({ what: 'shards', done: i + 1, total: paths.length, unit: 'files' })
  }
  const labels = Int32Array.from(indices.flatMap(({ labels }) => labels))
  const count = labels.reduce((most, label) => Math.max(most, label), -1) + 1
  if (classes !== undefined && classes.length < count)
    throw new Error(
      `webDataset: expected ${count} classes or more, for a label is ${count - 1}, got ${classes.length} names.`
    )
  const firsts = [0]
  for (const { labels } of indices) firsts.push(firsts.at(-1)! + labels.length)
  const placeOf = (example: number): { readonly path: string; readonly offset: number; readonly size: number } => {
    const shard = firsts.findLastIndex(first => first <= example)
    const within = example - firsts[shard]!
    return { path: paths[shard]!, offset: indices[shard]!.offsets[within]!, size: indices[shard]!.sizes[within]! }
  }
  return decoded(
    {
      who: 'webDataset',
      name: [shards].flat().length === 1 ? [shards].flat()[0]! : `${paths[0]} and ${paths.length - 1} more`,
      classes: classes ?? Array.from({ length: count }, (_, i) => String(i)),
      labels,
      leftOut: toldLeftOut(indices.flatMap(({ leftOut }) => leftOut)),
      nameOf: example => `byte ${placeOf(example).offset} of ${placeOf(example).path}`,
      bytesOf: example => bytesOf(placeOf(example).path, placeOf(example))
    },
    options
  )
}

/**
 * Paths of the tar archives in a folder, in order, and what else is in it.
 *
 * @throws LacksPart if there is none, though the folder that it should lie in is there
 * @throws Error if it cannot be read, or holds none
 */
export async function shardsIn(
  folder: string
): Promise<{ readonly shards: readonly string[]; readonly leftOut: readonly string[] }> {
  const files = await readdir(folder, { withFileTypes: true }).catch(async (error: unknown) => {
    const around = dirname(folder)
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && (await stat(around).catch(() => undefined)) !== undefined)
      throw new LacksPart(
        `webDataset: expected tar archives in ${folder}, but there is no such folder in ${around}. Make it, or name ` +
          'the archives of each part: { train, test }.',
        { cause: error }
      )
    throw new Error(`webDataset: expected a folder at ${folder}, but it cannot be read.`, { cause: error })
  })
  const { counts, leave } = leavingOut()
  const shards: string[] = []
  for (const file of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const why = whyNoShard(file)
    if (why === undefined) shards.push(join(folder, file.name))
    else leave(why, file.name)
  }
  if (shards.length > 0) return { shards, leftOut: toldLeftOut(counts) }
  const others = counts.length === 0 ? '' : ` and ${toldLeftOut(counts).join('; ')}`
  throw new Error(
    `webDataset: expected tar archives in ${folder}, got none${others}. Name the folder with train and test in it.`
  )
}

/** Why what lies in a folder is not taken for a shard; nothing where it is. */
function whyNoShard(file: Dirent): string | undefined {
  const name = file.name.toLowerCase()
  if (isHidden(name)) return 'hidden'
  if (name.endsWith('.tar')) return undefined
  if (file.isDirectory()) return 'folders, in which no archives are looked for'
  if (/\.(tar\.[^.]+|t[gx]z|tbz2?|tzst|zip)$/.test(name)) return 'compressed (unpack them)'
  return /\.[^.]+$/.exec(name)?.[0] ?? 'without an ending'
}

/** What lies in a shard, from the cache where that still holds. */
async function listed(path: string): Promise<ShardIndex> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Error(`webDataset: expected a shard at ${path}, but it cannot be read.`, { cause: error })
  })
  if (!found.isFile()) {
    const what = found.isDirectory() ? 'a folder' : 'a pipe, a socket or a device'
    throw new Error(`webDataset: expected a shard at ${path}, but it is ${what}. Name tar archives.`)
  }
  return cachedIndex({
    path: resolve(path),
    make: async () => ({ index: await indexOfShard(path), state: stateOf(found), changed: lastChange(found) }),
    stateNow: async () => stateOf(found)
  })
}

/** `a-{08..11}.tar` as four paths, with as many digits; and so for each range in it. */
function expanded(path: string): readonly string[] {
  let paths: readonly string[] = [path]
  for (const [range, from, to] of path.matchAll(/\{(\d+)\.\.(\d+)\}/g)) {
    const [first, last] = [Number(from), Number(to)]
    if (last < first) {
      throw new RangeError(
        `webDataset: expected a range from the lower number to the higher, got ${range} in ${path}. Turn it round.`
      )
    }
    const count = (last - first + 1) * paths.length
    if (count > mostShards) {
      throw new RangeError(
        `webDataset: expected a range of at most ${mostShards} shards, got ${count} in ${path}. Name those there are.`
      )
    }
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => String(first + i).padStart(from!.length, '0'))
    paths = paths.flatMap(one => numbers.map(number => one.replace(range, number)))
  }
  return paths
}
