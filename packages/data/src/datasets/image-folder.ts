import { checkGiven, checkOptions } from '@lapstrake/core'
import { createHash } from 'node:crypto'
import type { Dirent, Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cachedIndex, lastChange, stateOf, type Found } from './cached-index.ts'
import { decoded } from './decoded.ts'
import { checkDecoded, decodedKinds, type DecodedOptions } from './decoded-options.ts'
import type { ImageDataset } from './images.ts'
import { isHidden, isImageName, leavingOut, toldLeftOut, whyNoImage, type Counted } from '../left-out.ts'
import { bytesOf } from './open-file.ts'

/** How a folder of images is read. */
export interface OpenImageFolderOptions extends DecodedOptions {
  /** Names of the classes, in the order of their numbers: those of the folder to train with, for that to test with. */
  readonly classes?: readonly string[] | undefined
}

/** The files of a class, in one string: a million names take some twenty megabytes so. */
interface ClassIndex {
  /** Of its folder; nothing for images without classes. */
  readonly name: string
  /** Paths of files, with two slashes behind each, which no path has in it. */
  readonly files: string
}

interface FolderIndex {
  readonly classes: readonly ClassIndex[]
  /** Paths of all folders that were listed, below the folder itself. */
  readonly folders: readonly string[]
  readonly leftOut: readonly Counted[]
}

const end = '//'

/**
 * A folder with a folder of images for each class, however deep they lie in it; or one with images and no classes.
 * Classes are numbered in the order of their names. Files are read and decoded as they are asked for, in worker
 * threads, and kept in memory while there is room. What lies in the folders is listed once and remembered in the user's
 * cache, until a folder changes.
 *
 * Links are followed; one that leads nowhere is an image that cannot be read. `leftOut` of the data set tells what is
 * there and no part of it: what is hidden, what is called as no image, images beside the folders of classes, pipes and
 * devices, and folders that lead in a circle.
 *
 * @throws Error if there is no folder or no image in it, or a folder that is none of the classes, and an
 * `UnreadableExample` on reading if a file is gone or cannot be decoded
 * @throws RangeError for a size that is no whole number from 1 to 8192
 * @throws TypeError for what is none of the options
 */
export async function openImageFolder(path: string, options: OpenImageFolderOptions): Promise<ImageDataset> {
  checkOptions('openImageFolder', options, { ...decodedKinds, classes: 'list' })
  checkDecoded('openImageFolder', options)
  checkGiven('openImageFolder', "the path of a folder, as in 'photos/train'", path, 'string')
  const listed = await cachedIndex({
    path: resolve(path),
    make: () => listFolder(path),
    stateNow: async ({ folders }) =>
      stateOfAll(folders, await Promise.all(folders.map(folder => stat(join(path, folder)))))
  })
  const { classes, numbers } = numbered(path, listed, options.classes)
  const places = placesOf(listed.classes)
  const fileOf = (i: number): string => {
    const { name, files } = listed.classes[places.classes[i]!]!
    return join(path, name, files.slice(places.starts[i], files.indexOf(end, places.starts[i])))
  }
  const empty = listed.classes.filter(({ files }) => files === '').map(({ name }) => name)
  return decoded(
    {
      who: 'imageFolder',
      name: path,
      classes,
      labels: places.classes.map(place => numbers[place]!),
      leftOut: [
        ...(empty.length === 0 ? [] : [`${empty.length} classes without an image, such as ${empty[0]}`]),
        ...toldLeftOut(listed.leftOut)
      ],
      nameOf: fileOf,
      bytesOf: i => bytesOf(fileOf(i))
    },
    options
  )
}

/** What the classes that were listed are called and numbered. */
function numbered(
  path: string,
  { classes: listed }: FolderIndex,
  known: readonly string[] | undefined
): { readonly classes: readonly string[]; readonly numbers: readonly number[] } {
  const names = listed.map(({ name }) => name)
  if (names.length === 1 && names[0] === '') return { classes: known ?? [], numbers: [-1] }
  const classes = known ?? names
  const stranger = names.find(name => !classes.includes(name))
  if (stranger !== undefined) {
    throw new Error(
      `imageFolder: expected the folders in ${path} to be of the classes ${inShort(classes)}, got ${stranger}. ` +
        'Move it away, or have the same classes to train and to test with.'
    )
  }
  return { classes, numbers: names.map(name => classes.indexOf(name)) }
}

const inShort = (names: readonly string[]): string =>
  names.slice(0, 10).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '')

async function listFolder(root: string): Promise<Found<FolderIndex>> {
  const { counts, leave } = leavingOut()
  const folders: string[] = []
  const states: Stats[] = []
  /** The images and folders in a folder; nothing where it leads back to one above it. */
  const list = async (folder: string, above: readonly Stats[]): Promise<Listed | undefined> => {
    const [here, entries] = await listOne(join(root, folder))
    if (above.some(({ dev, ino }) => dev === here.dev && ino === here.ino)) {
      leave('that lead back to a folder they are in', folder)
      return undefined
    }
    folders.push(folder)
    states.push(here)
    const [images, within]: [string[], string[]] = [[], []]
    for (let start = 0; start < entries.length; start += 256) {
      const some = entries.slice(start, start + 256)
      // Links are looked behind; some at a time, for there may be a million.
      const found = await Promise.all(some.map(entry => (entry.isSymbolicLink() ? behind(root, folder, entry) : entry)))
      some.forEach(({ name }, i) => {
        const what = found[i]
        if (isHidden(name)) leave('hidden', below(folder, name))
        else if (what?.isDirectory()) within.push(name)
        else if (!isImageName(name)) leave(whyNoImage(name), below(folder, name))
        // A link that leads nowhere is an image that cannot be read.
        else if (what === undefined || what.isFile()) images.push(name)
        else leave('called like an image and no file', below(folder, name))
      })
    }
    return { images, folders: within.sort(), above: [...above, here] }
  }
  /** Adds the images of a folder and of those in it, as paths below the folder of their class. */
  const collect = async (files: string[], name: string, path: string, above: readonly Stats[]): Promise<boolean> => {
    const listed = await list(below(name, path), above)
    if (listed === undefined) return false
    for (const image of listed.images) files.push(below(path, image))
    for (const folder of listed.folders) await collect(files, name, below(path, folder), listed.above)
    return true
  }
  const top = (await list('', []))!
  const classes: ClassIndex[] = []
  for (const name of top.folders) {
    const files: string[] = []
    if (await collect(files, name, '', top.above)) classes.push(classIndex(name, files))
  }
  const hasClasses = classes.some(({ files }) => files !== '')
  if (hasClasses) for (const image of top.images) leave('beside the folders of classes', image)
  else if (top.images.length === 0) {
    throw new Error(
      `imageFolder: expected images in ${root}, as <class>/<image>.jpg or all in one folder, got none` +
        `${counts.length === 0 ? '' : ` and ${toldLeftOut(counts).join('; ')}`}. Name the folder that holds them.`
    )
  }
  return {
    index: { classes: hasClasses ? classes : [classIndex('', top.images)], folders, leftOut: counts },
    state: stateOfAll(folders, states),
    changed: states.reduce((last, stats) => Math.max(last, lastChange(stats)), 0)
  }
}

interface Listed {
  readonly images: readonly string[]
  readonly folders: readonly string[]
  /** The folder itself, behind those it is in. */
  readonly above: readonly Stats[]
}

const classIndex = (name: string, files: readonly string[]): ClassIndex => ({
  name,
  files: [...files]
    .sort()
    .map(file => file + end)
    .join('')
})

const below = (folder: string, name: string): string =>
  folder === '' ? name : name === '' ? folder : `${folder}/${name}`

const stateOfAll = (folders: readonly string[], states: readonly Stats[]): string =>
  createHash('sha256')
    .update(folders.map((folder, i) => `${folder} ${stateOf(states[i]!)}`).join('\n'))
    .digest('hex')

/** What lies in a folder, and its state before it was listed. */
async function listOne(folder: string): Promise<readonly [Stats, readonly Dirent[]]> {
  try {
    return [await stat(folder), await readdir(folder, { withFileTypes: true })]
  } catch (error) {
    throw new Error(`imageFolder: expected a folder at ${folder}, but it cannot be read. Say where it lies.`, {
      cause: error
    })
  }
}

/** What a link leads to; nothing where it leads nowhere. */
const behind = (root: string, folder: string, entry: Dirent): Promise<Stats | undefined> =>
  stat(join(root, folder, entry.name)).catch(() => undefined)

/** The class of each file among those listed, and where its path starts. */
function placesOf(listed: readonly ClassIndex[]): { readonly classes: Int32Array; readonly starts: Uint32Array } {
  const size = listed.reduce((sum, { files }) => sum + countOf(files), 0)
  const [classes, starts] = [new Int32Array(size), new Uint32Array(size)]
  let i = 0
  listed.forEach(({ files }, place) => {
    for (let start = 0; start < files.length; start = files.indexOf(end, start) + end.length) {
      classes[i] = place
      starts[i++] = start
    }
  })
  return { classes, starts }
}

function countOf(files: string): number {
  let count = 0
  for (let at = files.indexOf(end); at >= 0; at = files.indexOf(end, at + end.length)) count++
  return count
}
