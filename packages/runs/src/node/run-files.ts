import { existsSync } from 'node:fs'
import { readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32c } from '@lapstrake/files'
import { makeFolder, readWholeFile } from '@lapstrake/files/node'
import { checkFolder } from './check-folder.ts'
import { readManifest, type Manifest } from './manifest.ts'
import { runFiles } from './run-file-names.ts'
import { isOurs } from './write-own-file.ts'

/**
 * Folders within that of a run, for one that is to replace it: where it trains; where it lies, whole, while the old one
 * goes; and from where it then takes the old one's place. Nobody else calls a folder by the last two names.
 */
export const replacing = { training: 'new', whole: '.lapstrake-whole', arriving: '.lapstrake-arriving' } as const
const within = Object.values(replacing)
  .map(name => name.replaceAll('.', '\\.'))
  .join('|')

/** Every file that a run writes, by its path from the run's folder. */
const written = new RegExp(
  `^(?:(?:${within})/)?(?:${[
    'manifest\\.json',
    'recipe\\.mjs',
    'run\\.jsonl',
    '(?:state|weights|best)\\.safetensors',
    'evaluation\\.json',
    'lock\\.json(?:\\.[\\w-]+)?',
    'checkpoints/step-\\d{8,}\\.safetensors',
    'tensorboard/(?:events\\.out\\.tfevents\\.[^/]+|projector_config\\.pbtxt|tensors\\.tsv|metadata\\.tsv|sprite\\.png)'
  ].join('|')})(?:\\.\\d+\\.part)?$`
)

/** Folders that a run makes; what lies in others is nobody's business here. */
const folders = new RegExp(`^(?:(?:${within})/)?(?:${runFiles.checkpoints}|${runFiles.tensorboard})$|^(?:${within})$`)

/** What `export` leaves in a run's folder, where it says that lapstrake made it. */
const exported = /^encoder\.(?:safetensors|onnx)$/

/** What `lockRun` writes: it says who has the folder, and goes with them. */
export const isLock = (path: string): boolean => basename(path).startsWith('lock.json')

/**
 * The files in a folder, by their paths from there, and whether each is of a run. A name alone does not make it one:
 * the folder has a manifest of a run's, and a recipe is the one that this names.
 */
export async function filesIn(folder: string): Promise<readonly { readonly path: string; readonly ofRun: boolean }[]> {
  const names = await allIn(folder)
  const manifest = await readManifest(folder).catch(() => undefined)
  return Promise.all(
    names.map(async path => ({ path, ofRun: isLock(path) || (await isOfRun(folder, path, manifest)) }))
  )
}

async function isOfRun(folder: string, path: string, manifest: Manifest | undefined): Promise<boolean> {
  if (manifest === undefined) return /\.\d+\.part$/.test(path) && written.test(path)
  if (exported.test(path)) return isOurs(await readWholeFile(join(folder, path)))
  if (path === runFiles.recipe)
    return crc32c(await readWholeFile(join(folder, path))) === manifest.checksums[runFiles.recipe]
  return written.test(path)
}

async function allIn(folder: string, inside = ''): Promise<readonly string[]> {
  const entries = await readdir(join(folder, inside), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async entry => {
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`
      if (!entry.isDirectory()) return [path]
      return folders.test(path) ? allIn(folder, path) : [`${path}/`]
    })
  )
  return found.flat()
}

/**
 * Removes the files of a run from a folder, its manifest last, and folders that are empty then; leaves what else lies
 * there, and what `keep` names.
 */
export async function removeRun(folder: string, keep: (path: string) => boolean = () => false): Promise<void> {
  const files = (await filesIn(folder)).filter(({ path, ofRun }) => ofRun && !keep(path)).map(({ path }) => path)
  for (const path of files.sort((a, b) => Number(a === runFiles.manifest) - Number(b === runFiles.manifest)))
    await rm(join(folder, path))
  const inner = Object.values(replacing).flatMap(part => [`${part}/checkpoints`, `${part}/tensorboard`, part])
  for (const inside of [...inner, 'checkpoints', 'tensorboard']) {
    if (!keep(`${inside}/`)) await rmdir(join(folder, inside)).catch(() => undefined)
  }
}

/** Whether a run that is whole has not yet taken the place of the one before, as after a crash. */
export function isReplacing(folder: string): boolean {
  checkFolder(folder)
  return existsSync(join(folder, replacing.whole)) || existsSync(join(folder, replacing.arriving))
}

/**
 * Has the run that trained within a folder take the place of the one there. Begun again after a crash, it ends what it
 * began.
 */
export async function replaceRun(folder: string): Promise<void> {
  const [training, whole, arriving] = [replacing.training, replacing.whole, replacing.arriving].map(part =>
    join(folder, part)
  ) as [string, string, string]
  if (!isReplacing(folder)) await rename(training, whole)
  if (existsSync(whole)) {
    await removeRun(folder, path => path.startsWith(`${replacing.whole}/`) || isLock(path))
    await rename(whole, arriving)
  }
  const coming = (await allIn(arriving)).filter(path => !isLock(path))
  // The manifest comes last: until then the folder holds no run, and nothing reads half of one.
  for (const path of coming.sort((a, b) => Number(a === runFiles.manifest) - Number(b === runFiles.manifest))) {
    await makeFolder(dirname(join(folder, path)))
    await rename(join(arriving, path), join(folder, path))
  }
  await rm(arriving, { recursive: true })
}
