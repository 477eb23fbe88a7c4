import { FileFault } from '../datasets/file-fault.ts'
import { fetchBytes } from './fetch-bytes.ts'
import type { BytePixels, Picture } from './picture.ts'
import type * as inNode from './pictures.node.ts'

export const bytesAt: typeof inNode.bytesAt = fetchBytes

export const rgbOf: typeof inNode.rgbOf = async (picture, { height, width, background }) => {
  const bitmap = await createImageBitmap(drawable(picture)).catch((cause: unknown) => {
    throw new FileFault('it is damaged, cut short or of a kind that this browser cannot show', { cause })
  })
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
  context.fillStyle = `rgb(${background.join()})`
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = 'high'
  const scale = Math.max(width / bitmap.width, height / bitmap.height)
  const [across, down] = [width / scale, height / scale]
  context.drawImage(
    bitmap,
    ...([(bitmap.width - across) / 2, (bitmap.height - down) / 2, across, down, 0, 0, width, height] as const)
  )
  bitmap.close()
  return withoutAlpha(context.getImageData(0, 0, width, height).data)
}

const drawable = (picture: Picture): ImageBitmapSource =>
  'drawn' in picture
    ? picture.drawn
    : 'file' in picture
      ? new Blob([picture.file as Uint8Array<ArrayBuffer>])
      : imageDataOf(picture.pixels)

function imageDataOf({ data, height, width, channels }: BytePixels): ImageData {
  const rgba = new Uint8ClampedArray(4 * height * width).fill(255)
  for (let i = 0; i < height * width; i++)
    for (let c = 0; c < Math.max(3, channels); c++) rgba[4 * i + c] = data[i * channels + (channels === 1 ? 0 : c)]!
  return new ImageData(rgba, width, height)
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3)
  for (let i = 0; i < rgba.length / 4; i++) for (let c = 0; c < 3; c++) rgb[3 * i + c] = rgba[4 * i + c]!
  return rgb
}
