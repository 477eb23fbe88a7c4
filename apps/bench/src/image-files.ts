// Image files to measure with: photographs are not at hand, shapes are.
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { drawShapes, type ImageExample } from 'lapstrake'
import sharp from 'sharp'
import { pack } from 'tar-stream'

/** So many square JPEG files in a folder for each class. */
export async function writeImages(path: string, count: number, size = 96): Promise<void> {
  const drawn = drawShapes({ count, size })
  for (const name of drawn.classes) await mkdir(join(path, name), { recursive: true })
  for (let i = 0; i < count; i++) {
    const [{ image, label }] = (await drawn.read([i])) as [ImageExample]
    await writeFile(
      join(path, drawn.classes[label]!, `${i}.jpg`),
      await sharp(image, { raw: { width: size, height: size, channels: 3 } })
        .jpeg()
        .toBuffer()
    )
  }
}

/** The same files as WebDataset has them. */
export async function writeShard(folder: string, path: string): Promise<void> {
  const archive = pack()
  const writing = pipeline(archive, createWriteStream(path))
  for (const [label, name] of (await readdir(folder)).sort().entries()) {
    for (const file of await readdir(join(folder, name))) {
      archive.entry({ name: file }, await readFile(join(folder, name, file)))
      archive.entry({ name: file.replace('.jpg', '.cls') }, String(label))
    }
  }
  archive.finalize()
  await writing
}
