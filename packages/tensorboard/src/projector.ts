import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { png, type Pixels } from './summaries.ts'

/** Points in many dimensions, and what to show of each. */
export interface Projection {
  /** What the points are called; a run may have several. */
  readonly name: string
  /** One row a point. */
  readonly vectors: readonly ArrayLike<number>[]
  /** What is known of each point, such as its class. */
  readonly labels?: readonly string[]
  /** A picture for each point, all of one size. */
  readonly images?: readonly Pixels[]
}

/**
 * Writes the files of TensorBoard's embedding projector: `projector_config.pbtxt`, `tensors.tsv`, and `metadata.tsv` and `sprite.png` where there are labels and images.
 *
 * @throws Error if rows, labels and images are not equally many
 */
export async function writeProjector(folder: string, { name, vectors, labels, images }: Projection): Promise<void> {
  for (const [what, list] of [['labels', labels], ['images', images]] as const) {
    if (list !== undefined && list.length !== vectors.length) throw new Error(`writeProjector: expected ${vectors.length} ${what}, one for each row, got ${list.length}.`)
  }
  await mkdir(folder, { recursive: true })
  const [first] = images ?? []
  await writeFile(join(folder, 'tensors.tsv'), vectors.map(row => `${Array.from(row, number => Number(number.toPrecision(7))).join('\t')}\n`).join(''))
  // One column has no line of titles.
  if (labels) await writeFile(join(folder, 'metadata.tsv'), labels.map(label => `${label.replace(/\s+/g, ' ')}\n`).join(''))
  if (first) await writeFile(join(folder, 'sprite.png'), png(sprite(images!)))
  await writeFile(join(folder, 'projector_config.pbtxt'), `embeddings {
  tensor_name: ${JSON.stringify(name)}
  tensor_path: "tensors.tsv"
${labels ? '  metadata_path: "metadata.tsv"\n' : ''}${first ? `  sprite {
    image_path: "sprite.png"
    single_image_dim: ${first.width}
    single_image_dim: ${first.height}
  }
` : ''}}
`)
}

/** All pictures in one, row by row in a square. */
function sprite(images: readonly Pixels[]): Pixels {
  const { width, height, channels } = images[0]!
  const side = Math.ceil(Math.sqrt(images.length))
  const data = new Uint8Array(side * width * side * height * channels)
  images.forEach((image, i) => {
    if (image.width !== width || image.height !== height || image.channels !== channels) {
      throw new Error(`writeProjector: expected images of ${height} × ${width} × ${channels}, got ${image.height} × ${image.width} × ${image.channels}.`)
    }
    const bytes = image.data instanceof Float32Array ? Uint8ClampedArray.from(image.data, value => 255 * value) : image.data
    const [left, top] = [i % side * width, Math.floor(i / side) * height]
    for (let y = 0; y < height; y++) {
      data.set(bytes.subarray(y * width * channels, (y + 1) * width * channels), ((top + y) * side * width + left) * channels)
    }
  })
  return { data, width: side * width, height: side * height, channels }
}
