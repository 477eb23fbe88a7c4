import { UnreadableExample, type ImageDataset } from 'lapstrake'
import sharp from 'sharp'

/** Images at a time: their pixels are in memory together. */
const atOnce = 64

/** Small pictures for a page, as addresses that hold them (WebP); an empty one where an image went away meanwhile. */
export async function thumbnails(images: ImageDataset, places: readonly number[]): Promise<readonly string[]> {
  const [height, width, channels] = images.shape
  const made: string[] = []
  for (let start = 0; start < places.length; start += atOnce) {
    const examples = await Promise.all(
      places.slice(start, start + atOnce).map(async place => {
        try {
          return (await images.read([place]))[0]
        } catch (error) {
          if (error instanceof UnreadableExample) return undefined
          throw error
        }
      })
    )
    made.push(
      ...(await Promise.all(
        examples.map(async example => {
          if (example === undefined) return ''
          const raw = { width, height, channels: channels as 1 | 3 }
          const file = await sharp(example.image, { raw }).webp({ quality: 70 }).toBuffer()
          return `data:image/webp;base64,${file.toString('base64')}`
        })
      ))
    )
  }
  return made
}
