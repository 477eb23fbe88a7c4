import { zipSync } from 'fflate'

/** A zip of drawn shapes as PNG files, a folder for each class, made in the page. */
export async function sampleImages(): Promise<File> {
  const { drawShapes } = await import('lapstrake')
  const {
    classes,
    shape: [height, width],
    read,
    size
  } = drawShapes({ count: 320, seed: 4, size: 32 })
  const images = await read(Int32Array.from({ length: size }, (_, i) => i))
  // All at once: browsers make each when they are idle, and a busy machine never is.
  const files = await Promise.all(
    images.map(async ({ image: pixels, label }, i) => {
      const image = new ImageData(width, height)
      for (let at = 0; at < width * height; at++) {
        image.data.set(pixels.subarray(at * 3, (at + 1) * 3), 4 * at)
        image.data[4 * at + 3] = 255
      }
      const canvas = Object.assign(document.createElement('canvas'), { width, height })
      canvas.getContext('2d')!.putImageData(image, 0, 0)
      const blob = await new Promise<Blob>((resolve, reject) =>
        canvas.toBlob(made => (made === null ? reject(new Error('The browser could not make a PNG.')) : resolve(made)))
      )
      return [
        `shapes/${classes[label]}/${String(i).padStart(4, '0')}.png`,
        new Uint8Array(await blob.arrayBuffer())
      ] as const
    })
  )
  return new File([zipSync(Object.fromEntries(files), { level: 0 }) as Uint8Array<ArrayBuffer>], 'shapes.zip')
}
