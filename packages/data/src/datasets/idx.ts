import { inMemory, type Dataset } from './dataset.ts'

/** What Fashion-MNIST shows, in the order of its labels. */
export const fashionMnistClasses: readonly string[] = [
  'T-shirt',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot'
]

/**
 * Fashion-MNIST from the bytes of its two unpacked files, where there is no disk to look for them: fetched by a page,
 * say.
 *
 * @throws Error if a file is not of the IDX format or cut short
 */
export const fashionMnistFrom = (images: Uint8Array, labels: Uint8Array): Dataset =>
  fromIdx({ name: 'Fashion-MNIST', what: 'Fashion-MNIST', classes: fashionMnistClasses, images, labels })

export interface IdxFiles {
  readonly name: string
  /** What errors call the files. */
  readonly what: string
  readonly classes: readonly string[]
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

/** Grey images and their labels as a data set. */
export function fromIdx({ name, what, classes, images, labels }: IdxFiles): Dataset {
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
