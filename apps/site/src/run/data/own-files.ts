import { inMemory, type ImageDataset } from 'lapstrake'
import type { OwnFile } from '../protocol.ts'
import { filesOfZip, isZip, type Skipped } from './image-files.ts'
import { sortedFiles } from './sorted-files.ts'

/** Height and width that every image is brought to. */
const length = 32

/**
 * Images of the reader's own, in the classes of their folders as `imageFolder` has them: each is cut to a square from
 * its middle and scaled; those in one folder only have no classes.
 *
 * @throws Error if a zip is damaged or nothing in the files is an image
 */
export async function openFiles(
  files: readonly OwnFile[],
  onProgress: (done: number, total: number) => void
): Promise<{ readonly dataset: ImageDataset; readonly skipped: readonly Skipped[] }> {
  const { images: found, skipped: others } = sortedFiles((await Promise.all(files.map(unpacked))).flat())
  const classes = [...new Set(found.map(own => own.class))]
  const images: Uint8ClampedArray[] = []
  const labels: number[] = []
  const skipped: Skipped[] = [...others]
  for (const [i, own] of found.entries()) {
    const pixels = await decode(own.file).catch(() => undefined)
    if (pixels === undefined)
      skipped.push({ path: own.path, reason: 'damaged, or of a kind that this browser cannot show' })
    else {
      images.push(pixels)
      labels.push(classes.length > 1 ? classes.indexOf(own.class) : -1)
    }
    if (i % 20 === 19 || i === found.length - 1) onProgress(i + 1, found.length)
  }
  if (images.length < 2) {
    const given = files.length === 1 ? 'file' : `${files.length} files`
    const [first] = skipped
    const more =
      first === undefined ? '' : ` and ${skipped.length} that cannot, such as ${first.path} (${first.reason})`
    throw new Error(
      `data: expected images in the ${given}, got ${images.length} that can be used${more}. ` +
        'Drop a zip or a folder of PNG, JPEG or WebP images, one folder for each class.'
    )
  }
  const pixels = new Uint8Array(images.length * length * length * 3)
  images.forEach((rgba, image) => {
    for (let i = 0; i < length * length; i++) {
      for (let channel = 0; channel < 3; channel++)
        pixels[(image * length * length + i) * 3 + channel] = rgba[4 * i + channel]!
    }
  })
  const dataset = inMemory({
    name: 'your images',
    classes: classes.length > 1 ? classes : [],
    shape: [length, length, 3],
    images: pixels,
    labels: Int32Array.from(labels)
  })
  return { dataset, skipped }
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

async function decode(content: Blob): Promise<Uint8ClampedArray> {
  const bitmap = await createImageBitmap(content)
  const side = Math.min(bitmap.width, bitmap.height)
  const context = new OffscreenCanvas(length, length).getContext('2d', { willReadFrequently: true })!
  context.fillStyle = 'white'
  context.fillRect(0, 0, length, length)
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, length, length)
  bitmap.close()
  return context.getImageData(0, 0, length, length).data
}
