import type { ImageDataset } from './images.ts'
import { inMemory } from './in-memory.ts'

export interface IdxFiles {
  readonly name: string
  /** What errors call the files. */
  readonly what: string
  readonly classes: readonly string[]
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

/** Grey images and their labels as a data set. */
export function fromIdx({ name, what, classes, images, labels }: IdxFiles): ImageDataset {
  const pixels = readIdx(images, 3, `${what} images`)
  const [, height, width] = pixels.shape as [number, number, number]
  return inMemory({
    name,
    classes,
    shape: [height, width, 1],
    images: pixels.data,
    labels: Int32Array.from(readIdx(labels, 1, `${what} labels`).data)
  })
}

/** The IDX format: two zero bytes, a type (8: bytes), the number of axes, their lengths, the data. */
export function readIdx(
  bytes: Uint8Array,
  axes: number,
  who: string
): { readonly shape: readonly number[]; readonly data: Uint8Array } {
  const header = 4 + 4 * axes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < header || view.getUint16(0) !== 0 || bytes[2] !== 8 || bytes[3] !== axes) {
    throw new Error(
      `${who}: expected an IDX file of bytes with ${axes} axes, got one that begins with ` +
        `${[...bytes.subarray(0, 4)].join(' ')}.`
    )
  }
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i))
  const size = shape.reduce((product, length) => product * length, 1)
  if (bytes.length !== header + size) {
    throw new Error(
      `${who}: expected ${header + size} bytes for the shape ${shape.join(' × ')}, got ${bytes.length}. ` +
        'The file is cut short.'
    )
  }
  return { shape, data: bytes.subarray(header) }
}
