import { checkGiven, checkOptions } from '@lapstrake/core'
import { createHash } from 'node:crypto'
import type { Dirent, Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cachedIndex, lastChange, stateOf, type Found } from './cached-index.ts'
import { decoded } from './decoded.ts'
import { checkDecoded, decodedKinds, type DecodedOptions } from './decoded-options.ts'
import type { ImageDataset } from './images.ts'
import { isHidden, isImageName, isLabelTable, leavingOut, toldLeftOut, whyNoImage, type Counted } from '../left-out.ts'
import { sortedClasses } from './numbered-classes.ts'
import { bytesOf } from './open-file.ts'

/** How a folder of images is read. */
export interface OpenImageFolderOptions extends DecodedOptions {
  /** Names of the classes, in the order of their numbers: those of the folder to train with, for that to test with. */
  readonly classes?: readonly string[] | undefined
  /**
   * The name of the class of each file, by its path from the folder, in place of the folders that they lie in; false
   * for images without classes, however they lie.
   */
  readonly labels?: Readonly<Record<string, string>> | false | undefined
}

/** The files of a class, in one string: a million names take some twenty megabytes so. */
interface ClassIndex {
  /** Of its folder; nothing for images without classes. */
  readonly name: string
  /** Paths of files, with two slashes behind each, which no path has in it. */
  readonly files: string
}

interface FolderIndex {
  /** The folders in it. */
  readonly classes: readonly ClassIndex[]
  /** The images that lie beside them. */
  readonly loose: ClassIndex
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
  checkOptions('openImageFolder', options, { ...decodedKinds, classes: 'list', labels: ['record', 'boolean'] })
  checkLabels(options)
  checkDecoded('openImageFolder', options)
  checkGiven('openImageFolder', "the path of a folder, as in 'photos/train'", path, 'string')
  const listed = await cachedIndex({
    path: resolve(path),
    make: () => listFolder(path),
    stateNow: async ({ folders }) =>
      stateOfAll(folders, await Promise.all(folders.map(folder => stat(join(path, folder)))))
  })
  const { labels: table } = options
  const hasClasses = listed.classes.some(({ files }) => files !== '')
  const isByFolder = table === undefined && hasClasses
  const groups = isByFolder ? listed.classes : [listed.loose, ...listed.classes]
  const places = placesOf(groups)
  const nameOf = (i: number): string => {
    const { name, files } = groups[places.classes[i]!]!
    return below(name, files.slice(places.starts[i], files.indexOf(end, places.starts[i])))
  }
  const { classes, labels } = isByFolder
    ? byFolder(path, groups, places.classes, options.classes)
    : byTable(path, places.classes.length, nameOf, table === false ? undefined : table, options.classes)
  return decoded(
    {
      who: 'imageFolder',
      name: path,
      classes,
      labels,
      leftOut: [...(isByFolder ? besideClasses(listed) : []), ...toldLeftOut(listed.leftOut)],
      nameOf: i => join(path, nameOf(i)),
      bytesOf: i => bytesOf(join(path, nameOf(i)))
    },
    options
  )
}

/** There is no word for labels that are the folders: then they are left out. */
function checkLabels({ labels }: OpenImageFolderOptions): void {
  if ((labels as unknown) !== true) return
  throw new TypeError(
    'openImageFolder: expected labels by the paths of files, or false for none, got true. Leave them out where ' +
      'folders are classes.'
  )
}

/** What lies in a folder of classes and is of none. */
function besideClasses({ classes, loose }: FolderIndex): readonly string[] {
  const empty = classes.filter(({ files }) => files === '').map(({ name }) => name)
  const beside = countOf(loose.files)
  return [
    ...(empty.length === 0 ? [] : [`${empty.length} classes without an image, such as ${empty[0]}`]),
    ...(beside === 0
      ? []
      : [`${beside} beside the folders of classes, such as ${loose.files.slice(0, loose.files.indexOf(end))}`])
  ]
}

interface Labelled {
  readonly classes: readonly string[]
  readonly labels: Int32Array
}

/** The class of each image is the folder that it lies in. */
function byFolder(
  path: string,
  listed: readonly ClassIndex[],
  folders: Int32Array,
  known: readonly string[] | undefined
): Labelled {
  const names = listed.map(({ name }) => name)
  const classes = known ?? names
  const stranger = names.find(name => !classes.includes(name))
  if (stranger !== undefined) {
    throw new Error(
      `imageFolder: expected the folders in ${path} to be of the classes ${inShort(classes)}, got ${stranger}. ` +
        'Move it away, or have the same classes to train and to test with.'
    )
  }
  const numbers = names.map(name => classes.indexOf(name))
  return { classes, labels: folders.map(folder => numbers[folder]!) }
}

/** The class of each image is what a table says; without a table there is none. */
function byTable(
  path: string,
  size: number,
  nameOf: (place: number) => string,
  table: Readonly<Record<string, string>> | undefined,
  known: readonly string[] | undefined
): Labelled {
  const labels = new Int32Array(size).fill(-1)
  if (table === undefined) return { classes: known ?? [], labels }
  const [left, given] = [new Map(Object.entries(table)), new Array<string | undefined>(size)]
  for (let place = 0; place < size; place++) {
    const name = nameOf(place)
    given[place] = left.get(name)
    left.delete(name)
  }
  if (left.size > 0) {
    throw new Error(
      `imageFolder: expected labels of images in ${path}, got ${left.size} of files that are not there: ` +
        `${inShort([...left.keys()], 3)}. Name files by their paths from that folder, or leave them out.`
    )
  }
  const classes = known ?? sortedClasses(Object.values(table))
  const numbers = new Map(classes.map((name, number) => [name, number]))
  given.forEach((name, place) => {
    if (name === undefined) return
    const number = numbers.get(name)
    if (number === undefined) {
      throw new Error(
        `imageFolder: expected labels of images in ${path} to be of the classes ${inShort(classes)}, got ${name} for ` +
          `${nameOf(place)}. Have the same classes to train and to test with.`
      )
    }
    labels[place] = number
  })
  return { classes, labels }
}

const inShort = (names: readonly string[], most = 10): string =>
  names.slice(0, most).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '')

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
        else if (!isImageName(name)) {
          // Whoever opens the folder looks for it.
          if (folder !== '' || !isLabelTable(name)) leave(whyNoImage(name), below(folder, name))
        }
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
  if (top.images.length === 0 && classes.every(({ files }) => files === '')) {
    throw new Error(
      `imageFolder: expected images in ${root}, as <class>/<image>.jpg or all in one folder, got none` +
        `${counts.length === 0 ? '' : ` and ${toldLeftOut(counts).join('; ')}`}. Name the folder that holds them.`
    )
  }
  return {
    index: { classes, loose: classIndex('', top.images), folders, leftOut: counts },
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
