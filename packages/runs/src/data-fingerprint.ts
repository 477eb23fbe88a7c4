import { isImageDataset, UnreadableExample, type Dataset } from '@lapstrake/data'
import { checkDataset } from './check-dataset.ts'
import { crc32c } from '@lapstrake/files'

/** Examples that are looked at. */
const most = 64

/**
 * A checksum of what a data set shows at 64 places and at its ends, and of its size: another folder of images, or the
 * same with a file more, has another; the same in another place has the same. An example that cannot be read counts as
 * such.
 */
export async function fingerprintOf(dataset: Dataset): Promise<string> {
  checkDataset('fingerprintOf', dataset)
  const count = Math.min(most, dataset.size)
  const places = [
    ...new Set(Array.from({ length: count }, (_, i) => Math.floor((i * (dataset.size - 1)) / Math.max(1, count - 1))))
  ]
  const shown = await Promise.all(
    places.map(async place => {
      try {
        const [example] = await dataset.read([place])
        return fieldsOf(example).map(written).join(' ')
      } catch (error) {
        // A lack of memory, say, passes: data that are the same must not look like others for it.
        if (!(error instanceof UnreadableExample)) throw error
        return 'unreadable'
      }
    })
  )
  const shape = isImageDataset(dataset) ? dataset.shape : []
  return crc32c(`${dataset.size} ${shape.join(' ')}\n${shown.join('\n')}`)
    .toString(16)
    .padStart(8, '0')
}

/** What an example holds, in the order of its names. */
function fieldsOf(example: unknown): readonly unknown[] {
  if (typeof example !== 'object' || example === null || ArrayBuffer.isView(example)) return [example]
  if (Array.isArray(example)) return example
  const named = example as Readonly<Record<string, unknown>>
  return Object.keys(named)
    .sort()
    .map(name => named[name])
}

/** A value of an example, the same wherever it was read: the checksum of an array, and anything else as it is. */
function written(value: unknown): string {
  if (value instanceof Uint8Array) return String(crc32c(value))
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name} ${crc32c(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`
  }
  if (typeof value === 'object' && value !== null) return `[${fieldsOf(value).map(written).join(' ')}]`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
