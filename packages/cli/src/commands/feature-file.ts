import { extname } from 'node:path'
import { encodeNpz, type NpyArray } from 'lapstrake'
import { encodeSafetensors, type StoredTensor } from 'lapstrake/node'
import { UsageError } from '../terminal/usage-error.ts'

/** What a file of features says of itself. */
export interface AboutFeatures {
  /** The recipe of the run, its weights and the level that was read. */
  readonly run: string
  readonly weights: string
  readonly level: number
  /** What was embedded. */
  readonly data: string
  /** Names of classes; none where images have none. */
  readonly classes: readonly string[]
}

/** Features of some images, row after row. */
export interface NamedRows {
  readonly names: readonly string[]
  /** Where images have classes. */
  readonly labels: readonly number[] | undefined
  readonly rows: Float32Array
}

type Pieces = AsyncIterable<NamedRows>
type Content = Uint8Array | AsyncIterable<string>

/** How features are written, by the ending of the file. */
const forms: Readonly<Record<string, (pieces: Pieces, about: AboutFeatures) => Promise<Content> | Content>> = {
  '.npz': async (pieces, about) => npz(await gathered(pieces), about),
  '.safetensors': async (pieces, about) => safetensors(await gathered(pieces), about),
  '.csv': csv
}

/**
 * What writes features into a file that is called so: as arrays of NumPy, as safetensors, or as a table, which is
 * written as it comes. The others hold all rows in memory until the end.
 *
 * @throws UsageError for an ending that is none of these
 */
export function featureForm(who: string, path: string): (typeof forms)[string] {
  const form = forms[extname(path).toLowerCase()]
  if (form !== undefined) return form
  throw new UsageError(
    `${who}: expected a file that ends in ${Object.keys(forms).join(', ')}, got ${path}. ` +
      'Say --out features.npz for NumPy, .safetensors for PyTorch, .csv for a table.'
  )
}

interface Gathered {
  readonly names: readonly string[]
  readonly labels: Int32Array | undefined
  readonly values: Float32Array
  readonly shape: readonly [images: number, dim: number]
}

async function gathered(pieces: Pieces): Promise<Gathered> {
  const names: string[] = []
  const labels: number[] = []
  const parts: Float32Array[] = []
  for await (const piece of pieces) {
    names.push(...piece.names)
    labels.push(...(piece.labels ?? []))
    parts.push(piece.rows)
  }
  const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    values.set(part, at)
    at += part.length
  }
  const shape = [names.length, values.length / names.length] as const
  return { names, values, shape, labels: labels.length === 0 ? undefined : Int32Array.from(labels) }
}

/** `features [images, dim]`, `names`, `labels` and `classes`; `lapstrake` says in JSON where they are from. */
function npz({ names, labels, values, shape }: Gathered, { classes, ...about }: AboutFeatures): Uint8Array {
  const texts = (data: readonly string[]): NpyArray => ({ shape: [data.length], data })
  return encodeNpz({
    lapstrake: texts([JSON.stringify(about)]),
    features: { shape, data: values },
    names: texts(names),
    ...(labels && { labels: { shape: [labels.length], data: labels }, classes: texts(classes) })
  })
}

/** Tensors `features [images, dim]` and `labels`; names and classes are lists in JSON among the metadata. */
function safetensors(
  { names, labels, values, shape }: Gathered,
  { classes, run, weights, level, data }: AboutFeatures
): Uint8Array {
  const stored = (dtype: string, shape: readonly number[], data: Float32Array | Int32Array): StoredTensor => ({
    ...{ dtype, shape },
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  })
  return encodeSafetensors({
    tensors: {
      features: stored('F32', shape, values),
      ...(labels && { labels: stored('I32', [labels.length], labels) })
    },
    metadata: {
      ...{ format: 'lapstrake-features-1', run, weights, level: String(level), data },
      names: JSON.stringify(names),
      ...(labels && { classes: JSON.stringify(classes) })
    }
  })
}

/** A line an image: its file, its class by name where it has one, and its features. */
async function* csv(pieces: Pieces, { classes }: AboutFeatures): AsyncGenerator<string, void, void> {
  let isFirst = true
  for await (const { names, labels, rows } of pieces) {
    const dim = rows.length / names.length
    const lines = names.map((name, i) =>
      [cell(name), ...(labels ? [cell(classes[labels[i]!] ?? '')] : []), ...rows.subarray(i * dim, (i + 1) * dim)].join(
        ','
      )
    )
    const head = ['file', ...(labels ? ['label'] : []), ...Array.from({ length: dim }, (_, i) => `f${i}`)].join(',')
    yield `${[...(isFirst ? [head] : []), ...lines].join('\n')}\n`
    isFirst = false
  }
}

/** A cell of a table in RFC 4180: in quotes where it has a comma, a quote or an end of line in it. */
export const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
