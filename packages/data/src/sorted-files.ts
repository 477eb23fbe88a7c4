import { isHidden, isPageImageName, leavingOut, toldLeftOut, whyNoImage } from './left-out.ts'

/** A file and where it lay: beneath the folder that was chosen or dropped. */
export interface FileAt {
  readonly path: string
  readonly file: File
}

/** A file that cannot be used, and why. */
export interface Skipped {
  readonly path: string
  readonly reason: string
}

/** Images with their classes, and what was left out. */
export interface SortedFiles {
  /** In the order of their paths; the class is '' for images without. */
  readonly images: readonly (FileAt & { readonly class: string })[]
  /** What is no image that a page can use, hidden files not among them. */
  readonly skipped: readonly Skipped[]
  /** All that was left out, counted by reason and in the words of `imageFolder`. */
  readonly leftOut: readonly string[]
}

/** A folder in what was given. */
interface Folder {
  readonly images: FileAt[]
  readonly folders: Map<string, Folder>
}

/**
 * Sorts files as `imageFolder` does: the folder with a folder for each class is the uppermost in which paths part, and
 * images are of the class whose folder they lie in, however deep. Images that all lie in one folder have no classes. Of
 * a folder with `train` and others beside it, that is taken.
 *
 * @param faults files known to be none that can be used
 */
export function sortedFiles(given: readonly FileAt[], faults: readonly Skipped[] = []): SortedFiles {
  const { counts, leave } = leavingOut()
  const skipped: Skipped[] = []
  const skip = (why: string, path: string): void => {
    leave(why, path)
    skipped.push({ path, reason: /^\.\w+$/.test(why) ? `${why}, no image` : why })
  }
  for (const { path, reason } of faults) skip(reason, path)
  const top: Folder = { images: [], folders: new Map() }
  for (const own of given.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path, file } = own
    if (path.split('/').some(isUnasked)) leave('hidden', path)
    else if (!isPageImageName(path)) skip(whyNoImage(path.split('/').at(-1)!), path)
    else if (file.size === 0) skip('empty', path)
    else folderOf(top, path).images.push(own)
  }
  let root = top
  for (;;) {
    const [only, ...others] = root.folders.values()
    const train = root.folders.get('train')
    if (train !== undefined && others.length > 0 && [...root.folders.keys()].every(isPart)) {
      for (const [name, folder] of root.folders)
        if (name !== 'train')
          for (const { path } of imagesIn(folder)) leave('beside train, of which a page holds out some', path)
      for (const { path } of root.images) leave('beside the folders of classes', path)
      root = train
    } else if (only !== undefined && others.length === 0 && (only.folders.size > 0 || root.images.length === 0)) {
      for (const { path } of root.images) leave('beside the folders of classes', path)
      root = only
    } else break
  }
  const classes = [...root.folders].toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (classes.length > 0) for (const { path } of root.images) leave('beside the folders of classes', path)
  const images =
    classes.length > 0
      ? classes.flatMap(([name, folder]) => imagesIn(folder).map(own => ({ ...own, class: name })))
      : root.images.map(own => ({ ...own, class: '' }))
  return { images, skipped, leftOut: toldLeftOut(counts) }
}

/** What systems leave in folders and zips without being asked. */
const isUnasked = (name: string): boolean => isHidden(name) || /^(thumbs\.db|desktop\.ini)$/i.test(name)

const isPart = (name: string): boolean => /^(train|test|val|valid|validation|dev|eval)$/.test(name)

function folderOf(top: Folder, path: string): Folder {
  let folder = top
  for (const name of path.split('/').slice(0, -1)) {
    const within: Folder = folder.folders.get(name) ?? { images: [], folders: new Map() }
    folder.folders.set(name, within)
    folder = within
  }
  return folder
}

const imagesIn = ({ images, folders }: Folder): readonly FileAt[] => [
  ...images,
  ...[...folders.values()].flatMap(imagesIn)
]
