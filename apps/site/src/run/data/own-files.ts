import { sortedFiles, type Skipped } from '@lapstrake/data/sorted-files'
import { imageFiles, pick, UnreadableExample, type ImageDataset } from 'lapstrake'
import type { OwnFile } from '../protocol.ts'
import { filesOfZip, isZip } from './image-files.ts'

/** Height and width that every image is brought to. */
const size = 32

/**
 * Images of the reader's own, as `imageFiles` takes them, all decoded at once: those that cannot be are skipped and
 * named.
 *
 * @throws Error if a zip is damaged or nothing in the files is an image
 */
export async function openFiles(
  files: readonly OwnFile[],
  onProgress: (done: number, total: number) => void
): Promise<{ readonly dataset: ImageDataset; readonly skipped: readonly Skipped[] }> {
  const { images, skipped: others } = sortedFiles((await Promise.all(files.map(unpacked))).flat())
  const skipped: Skipped[] = [...others]
  const good: number[] = []
  const all =
    images.length === 0
      ? undefined
      : await imageFiles(images, { size, keep: Infinity, name: 'your images', holdOut: 0 }).open('train')
  for (const [i, { path }] of images.entries()) {
    try {
      await all!.read([i])
      good.push(i)
    } catch (error) {
      if (!(error instanceof UnreadableExample)) throw error
      skipped.push({ path, reason: error.reason.replace(/^it is /, '') })
    }
    if (i % 20 === 19 || i === images.length - 1) onProgress(i + 1, images.length)
  }
  if (good.length < 2) {
    const given = files.length === 1 ? 'file' : `${files.length} files`
    const [first] = skipped
    const more =
      first === undefined ? '' : ` and ${skipped.length} that cannot, such as ${first.path} (${first.reason})`
    throw new Error(
      `data: expected images in the ${given}, got ${good.length} that can be used${more}. ` +
        'Drop a zip or a folder of PNG, JPEG or WebP images, one folder for each class.'
    )
  }
  return { dataset: { ...pick(all!, Uint32Array.from(good)), leftOut: undefined }, skipped }
}

/** A zip's members, or the file itself. */
async function unpacked(own: OwnFile): Promise<readonly OwnFile[]> {
  if (!isZip(own.path)) return [own]
  return filesOfZip(own.file).catch((cause: unknown) => {
    throw new Error(
      `data: expected ${own.path} to be a zip, but it is damaged or cut off. Pack it again, or drop the folder itself.`,
      { cause }
    )
  })
}
