import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { OpenOptions, Split } from '../sources/data.ts'
import { byNames } from '../sources/hold-out.ts'
import { LacksPart } from '../sources/lacks-part.ts'
import type { DecodedOptions } from './decoded-options.ts'
import { openImageFolder } from './image-folder.ts'
import type { ImageDataset } from './images.ts'
import { labelTable } from './label-table.ts'
import { isHidden, isLabelTable } from '../left-out.ts'

/** What the parts of a folder are called, where not `train` and `test`, and how images are read. */
interface PartOptions extends DecodedOptions, Pick<OpenOptions, 'onWarning'> {
  readonly train?: string | undefined
  readonly test?: string | undefined
  readonly labels?: string | false | undefined
  readonly holdOut?: number | undefined
}

/** What is held out where nobody says. */
const usualPart = 0.1

/**
 * A part of a folder of images. Classes to test with are numbered as those to train with. A folder without parts is
 * what is learned from, and what is tested with is held out of it: of each class a tenth, chosen by the names of files.
 *
 * @throws LacksPart if the folder is there and has nothing to test with in it
 * @throws Error if there is no such part, for labels that do not fit, and as {@link openImageFolder} does
 */
export async function openPartOfFolder(path: string, split: Split, options: PartOptions): Promise<ImageDataset> {
  const { train, test, labels, holdOut, onWarning, ...decoding } = options
  const [training, testing] = [`${path}/${train ?? 'train'}`, `${path}/${test ?? 'test'}`]
  const [hasTraining, hasTesting] = await Promise.all([isFolder(training), isFolder(testing)])
  const isWhole = !hasTraining && train === undefined && !hasTesting
  const whole = isWhole ? await withoutParts(path, training) : training
  const reading: Reading = { root: path, labels, onWarning, decoding }
  if (hasTesting) {
    if (split === 'train') return openPart(training, reading)
    if (!hasTraining) onWarning?.(`${testing}: classes are numbered without those of ${training}, which is not there.`)
    const { classes } = hasTraining ? await openPart(training, { ...reading, onWarning: undefined }) : { classes: [] }
    return openPart(testing, reading, classes.length === 0 ? undefined : classes)
  }
  const isThere = await isFolder(path)
  const beside = isThere && hasTraining ? await othersBeside(path, training) : []
  const mayHoldOut = test === undefined && isThere && holdOut !== 0 && (holdOut !== undefined || beside.length === 0)
  if (split === 'test' && isThere && !mayHoldOut) throw lacksTests(path, testing, beside)
  const all = await openPart(whole, { ...reading, onWarning: split === 'train' ? onWarning : undefined })
  if (!mayHoldOut || all.size < 2) {
    if (split === 'test') throw lacksTests(path, testing, beside)
    if (beside.length > 0)
      onWarning?.(
        `${path}: there is no ${testing} to test with. Say what it is called if it is ${beside.join(' or ')}.`
      )
    return all
  }
  const parted = byNames(all, holdOut ?? usualPart, i => relative(whole, all.nameOf!(i)).replaceAll('\\', '/'))
  if (split === 'train')
    onWarning?.(
      `${whole}: ${found(all)}. There is no ${testing}, so ${counted(parted.test.size)} of them are held out to test ` +
        `with, chosen by their names, and ${counted(parted.train.size)} are learned from.`
    )
  return parted[split]
}

interface Reading {
  readonly root: string
  readonly labels: string | false | undefined
  readonly onWarning: ((warning: string) => void) | undefined
  readonly decoding: DecodedOptions
}

/** A folder of images, with the labels that lie beside them. */
async function openPart(
  folder: string,
  { root, labels, onWarning, decoding }: Reading,
  classes?: readonly string[]
): Promise<ImageDataset> {
  const table = labels === false ? undefined : await tableFor(folder, root, labels)
  const dataset = await openImageFolder(folder, {
    ...decoding,
    classes,
    labels: labels === false ? false : table?.rows
  })
  if (table === undefined) return dataset
  const unknown = dataset.labels!.reduce((count, label) => count + Number(label < 0), 0)
  onWarning?.(
    `${folder}: labels are those of ${table.file}.` +
      (unknown === 0
        ? ''
        : ` It has none for ${counted(unknown)} of ${counted(dataset.size)} images, such as ` +
          `${relative(folder, dataset.nameOf!(dataset.labels!.indexOf(-1)))}.`)
  )
  return dataset
}

interface TableFor {
  readonly file: string
  readonly rows: Readonly<Record<string, string>>
}

/** The labels of the images in a folder: of a table that is named, or that lies in it or in the folder of its parts. */
async function tableFor(folder: string, root: string, named: string | undefined): Promise<TableFor | undefined> {
  const file = named === undefined ? ((await tableIn(folder)) ?? (await tableIn(root))) : await placeOf(named, root)
  if (file === undefined) return undefined
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`imageFolder: expected a table of labels at ${file}, but it cannot be read.`, { cause })
  })
  const table = labelTable('imageFolder', file, text)
  // A table in a part speaks of that part, any other of the folder of the parts.
  const part = relative(root, folder)
  if (part === '' || resolve(file, '..') === resolve(folder)) return { file, rows: Object.fromEntries(table) }
  const [mine, others] = [[...table].filter(([name]) => name.startsWith(`${part}/`)), await foldersIn(root)]
  const stranger = [...table.keys()].find(name => !others.includes(name.split('/')[0]!))
  if (stranger !== undefined)
    throw new Error(
      `imageFolder: expected labels in ${file} of files in ${others.map(name => `${name}/`).join(', ')}, got ` +
        `${stranger}. Name files by their paths from ${root}, as in ${part}/${stranger}.`
    )
  return { file, rows: Object.fromEntries(mine.map(([name, label]) => [name.slice(part.length + 1), label])) }
}

async function tableIn(folder: string): Promise<string | undefined> {
  const [first, second] = (await readdir(folder).catch(() => [])).filter(isLabelTable).sort()
  if (second !== undefined)
    throw new Error(
      `imageFolder: expected one table of labels in ${folder}, got ${first} and ${second}. ` +
        `Say which: labels: '${first}'.`
    )
  return first && join(folder, first)
}

/** A table lies in the folder of images, or where its path leads from here. */
async function placeOf(named: string, root: string): Promise<string> {
  const [within, here] = [resolve(root, named), resolve(named)]
  const isThere = (path: string): Promise<boolean> =>
    stat(path).then(
      found => found.isFile(),
      () => false
    )
  if (await isThere(within)) return within
  if (await isThere(here)) return here
  const places = within === here ? within : `${within} or ${here}`
  throw new Error(`imageFolder: expected a table of labels at ${places}, but there is none. Say where it lies.`)
}

const counted = (count: number): string => count.toLocaleString('en')

/** What a folder has turned out to be. */
function found({ size, classes, labels }: ImageDataset): string {
  const isLabelled = labels!.some(label => label >= 0)
  return `${counted(size)} images ${isLabelled ? `in ${counted(classes.length)} classes` : 'without labels'}`
}

function lacksTests(path: string, testing: string, beside: readonly string[]): LacksPart {
  const others = beside.length === 0 ? '' : ` ${beside.join(', ')} beside it may be one.`
  return new LacksPart(
    `imageFolder: expected images to test with in ${testing}, but there is no such folder.${others} Make it, with a ` +
      'folder for each class as to train with, or say what it is called: ' +
      `imageFolder('${path}', { test: '${beside[0] ?? 'held-out'}' }).`
  )
}

/** The folder itself, unless what lies in it are parts by other names. */
async function withoutParts(path: string, training: string): Promise<string> {
  const within = await readdir(path).catch(() => [])
  const parts = within.filter(name => /^(train(ing)?|test(ing)?|val|valid|validation|dev|eval)$/i.test(name))
  if (parts.length === 0) return within.some(name => !isHidden(name)) ? path : training
  throw new Error(
    `imageFolder: expected a folder at ${training}, got ${parts.join(', ')} in ${path}. ` +
      `Say which is which: imageFolder('${path}', { train: '${parts[0]}', test: '…' }).`
  )
}

/** Folders beside that to train with. */
const othersBeside = async (path: string, training: string): Promise<readonly string[]> =>
  (await foldersIn(path)).filter(name => resolve(path, name) !== resolve(training))

const foldersIn = async (path: string): Promise<readonly string[]> =>
  (await readdir(path, { withFileTypes: true }))
    .filter(entry => entry.isDirectory() && !isHidden(entry.name))
    .map(({ name }) => name)
    .sort()

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false
  )
