import { checkDataset, isImageDataset, UnreadableExample, type Dataset } from '@lapstrake/data'
import { crc32c } from '@lapstrake/files'
import * as tf from '@tensorflow/tfjs-core'

/** Examples that are looked at. */
const most = 64

/**
 * A checksum of what a data set shows at 64 places and at its ends, and of its size: another folder of images, or the
 * same with a file more, has another; the same in another place has the same. An example that cannot be read counts as
 * such.
 *
 * @throws TypeError for examples that hold what cannot be looked into, such as a tensor, a Blob or themselves
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
        return writtenExample(dataset.name, await dataset.read([place]), place)
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

function writtenExample(data: string, read: readonly unknown[], place: number): string {
  if (!Array.isArray(read) || read.length !== 1 || read[0] === undefined) {
    throw new TypeError(
      `fingerprintOf: expected ${data} to read a list of one example for place ${place}, got ` +
        `${Array.isArray(read) && read.length !== 1 ? `a list of ${read.length}` : 'none'}. Give what is asked for.`
    )
  }
  const [example] = read as readonly unknown[]
  return writtenFields(data, '', fieldsOf(example), isRecord(example) || Array.isArray(example) ? [example] : [])
}

/** What an example holds, in the order of its names. */
function fieldsOf(example: unknown): readonly Field[] {
  if (Array.isArray(example)) return example.map((value, i) => [String(i), value])
  if (!isRecord(example)) return [['', example]]
  return Object.keys(example)
    .sort()
    .map(name => [name, example[name]])
}

type Field = readonly [name: string, value: unknown]

/** Plain, or an instance of a class whose fields can be seen. Those of a tensor are other ones each time. */
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  !ArrayBuffer.isView(value) &&
  !(value instanceof tf.Tensor || value instanceof Map || value instanceof Set || value instanceof Date) &&
  (Object.keys(value).length > 0 || isPlain(value))

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Fields one after another, each the same wherever it was read. */
const writtenFields = (data: string, holder: string, fields: readonly Field[], within: readonly unknown[]): string =>
  fields.map(([name, value]) => written(data, holder === '' ? name : `${holder}.${name}`, value, within)).join(' ')

/** A value of an example: the checksum of an array, and anything else as it is. */
function written(data: string, name: string, value: unknown, within: readonly unknown[]): string {
  if (value instanceof Uint8Array) return String(crc32c(value))
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name} ${crc32c(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))}`
  }
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${crc32c(new Uint8Array(value))}`
  if (value instanceof Date) return `Date ${value.getTime()}`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol' || typeof value === 'function') throw notHashed(data, name, `a ${typeof value}`)
  if (typeof value !== 'object' || value === null) return String(value)
  if (within.includes(value)) throw notHashed(data, name, 'one that holds itself')
  const inside = [...within, value]
  const each = (values: Iterable<unknown>): string =>
    Array.from(values, one => written(data, name, one, inside))
      .sort()
      .join(' ')
  if (value instanceof Map) return `Map [${each(value)}]`
  if (value instanceof Set) return `Set [${each(value)}]`
  if (Array.isArray(value) || isRecord(value)) return `[${writtenFields(data, name, fieldsOf(value), inside)}]`
  throw notHashed(data, name, `a ${value.constructor.name}`)
}

const notHashed = (data: string, name: string, got: string): Error =>
  new TypeError(
    `fingerprintOf: expected examples of ${data} to hold numbers, texts, dates, arrays, and lists, records, Maps and ` +
      `Sets of them, got ${got}${name === '' ? '' : ` in ${name}`}. Give its values, as in a Float32Array.`
  )
