import { join } from 'node:path'
import { checkGiven, checkOptions } from '@lapstrake/core/options'
import { writeFileAtomic } from '@lapstrake/files/node'
import { png, type Pixels } from './pixels.ts'
import { sprite, type Sprite } from './sprite.ts'

/** Points in many dimensions, and what to show of each. */
export interface Projection {
  /** What the points are called; a run may have several. */
  readonly name: string
  /** One row a point, of finite numbers. */
  readonly vectors: readonly ArrayLike<number>[]
  /** What is known of each point, such as its class; what is empty is shown as `(none)`. */
  readonly labels?: readonly string[] | undefined
  /** A picture for each point, all of one size. */
  readonly images?: readonly Pixels[] | undefined
}

export interface WriteProjectorOptions {
  /** Hears that pictures had to become smaller for TensorBoard to show them; `console.warn` when left out. */
  readonly onWarning?: ((warning: string) => void) | undefined
}

/**
 * Writes the files of TensorBoard's embedding projector: `tensors.tsv`, `metadata.tsv` and `sprite.png` where there are
 * labels and images, and `projector_config.pbtxt`. Gives their names.
 *
 * @throws Error if rows are of several lengths, if some of their numbers are not finite, or if rows, labels and images
 * are not equally many
 */
export async function writeProjector(
  folder: string,
  projection: Projection,
  options: WriteProjectorOptions = {}
): Promise<readonly string[]> {
  checkOptions<WriteProjectorOptions>('writeProjector', options, { onWarning: 'function' })
  const { onWarning = console.warn } = options
  checkGiven('writeProjector', 'the path of a folder', folder, 'string')
  checkOptions<Projection>('writeProjector', projection, {
    name: 'string',
    vectors: 'list',
    labels: 'list',
    images: 'list'
  })
  const { name, vectors, labels, images } = projection
  checkRows(vectors)
  for (const [what, list] of [
    ['labels', labels],
    ['images', images]
  ] as const) {
    if (list === undefined || list.length === vectors.length) continue
    throw new Error(`writeProjector: expected ${vectors.length} ${what}, one for each row, got ${list.length}.`)
  }
  const [first, ...others] = images ?? []
  const pictures = first && sprite([first, ...others])
  if (pictures && (pictures.width < first.width || pictures.height < first.height)) {
    onWarning(
      `writeProjector: expected images that fit into 8192 × 8192 pixels, which is what TensorBoard shows, got ` +
        `${images!.length} of ${first.height} × ${first.width}. They are kept as ${pictures.height} × ` +
        `${pictures.width}.`
    )
  }
  const files: [string, string | Uint8Array][] = [
    ['tensors.tsv', lines(vectors.map(row => Array.from(row, number => Number(number.toPrecision(7))).join('\t')))]
  ]
  if (labels) files.push(['metadata.tsv', lines(labels.map(shown))])
  if (pictures) files.push(['sprite.png', png(pictures.picture)])
  // Last, so that what it names is there.
  files.push(['projector_config.pbtxt', config(name, labels !== undefined, pictures)])
  for (const [file, content] of files) await writeFileAtomic(join(folder, file), content)
  return files.map(([file]) => file)
}

const lines = (rows: readonly string[]): string => rows.map(row => `${row}\n`).join('')

/** A label as a line of its own: TensorBoard passes over an empty one, and takes a first line with a tab for titles. */
const shown = (label: string): string => label.replace(/[\s\p{Cc}]+/gu, ' ').trim() || '(none)'

function checkRows(vectors: readonly ArrayLike<number>[]): void {
  const length = vectors?.[0]?.length ?? 0
  if (length === 0) {
    const got = !vectors?.length ? 'none' : 'rows without any'
    throw new Error(`writeProjector: expected rows of numbers, got ${got}. Give one row for each point.`)
  }
  vectors.forEach((row, i) => {
    if (row.length !== length) {
      throw new Error(
        `writeProjector: expected rows of one length, got ${length} numbers in the first ` +
          `and ${row.length} in row ${i + 1}. Give each point as many.`
      )
    }
    for (let j = 0; j < length; j++) {
      if (!Number.isFinite(row[j])) {
        throw new Error(`writeProjector: expected finite numbers, got ${row[j]} in row ${i + 1}. Leave that row out.`)
      }
    }
  })
}

const config = (name: string, hasLabels: boolean, pictures: Sprite | undefined): string => `embeddings {
  tensor_name: ${quoted(name)}
  tensor_path: "tensors.tsv"
${hasLabels ? '  metadata_path: "metadata.tsv"\n' : ''}${
  pictures
    ? `  sprite {
    image_path: "sprite.png"
    single_image_dim: ${pictures.width}
    single_image_dim: ${pictures.height}
  }
`
    : ''
}}
`

/** A line of text as protobuf's text format has it. */
const quoted = (text: string): string => `"${text.replace(/\p{Cc}+/gu, ' ').replace(/["\\]/g, '\\$&')}"`
