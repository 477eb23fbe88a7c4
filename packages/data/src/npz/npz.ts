import { checkGiven } from '@lapstrake/core'
import { zipSync, type Zippable } from 'fflate'
import { typed } from '../datasets/collated-by.ts'
import { decodeNpy, encodeNpy, type DecodedNpyArray, type NpyArray, type NpyData } from './npy.ts'
import { filesInZip } from './zip.ts'

/** A zip keeps no more in its oldest form, which everything reads. */
const most = 2 ** 32 - 2 ** 20

/**
 * A file of arrays by their names, as `numpy.savez` writes it and `numpy.load` opens it: of typed arrays of numbers, or
 * of texts, as the names of files are. The same arrays give the same bytes, and nothing is compressed.
 *
 * @throws TypeError for what is no array of numbers or texts
 * @throws RangeError for a shape that does not hold as many as there are, and for more than four gigabytes
 */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array<ArrayBuffer> {
  checkGiven('encodeNpz', 'arrays, as in { features: { shape: [2, 3], data } }', arrays, 'record')
  const files: Zippable = {}
  let bytes = 0
  for (const [name, array] of Object.entries(arrays)) {
    checkArray(name, array)
    const file = encodeNpy(`encodeNpz, ${name}`, array)
    bytes += file.length
    // NumPy's date for arrays: the earliest that a zip can tell.
    files[`${name}.npy`] = [file, { level: 0, mtime: new Date(1980, 0, 1) }]
  }
  if (bytes > most)
    throw new RangeError(
      `encodeNpz: expected at most 4 GB in a file, got ${(bytes / 1e9).toFixed(1)} GB. Write several.`
    )
  return zipSync(files) as Uint8Array<ArrayBuffer>
}

/**
 * The arrays of an `.npz` file by their names, whether it was written by `savez` or `savez_compressed`, with the type
 * that NumPy calls each. Numbers of 64 bits come as bigints, float16 as float32 and truths as bytes of 0 and 1.
 *
 * @param only names of the arrays to decode, where a file holds others, too
 * @throws TypeError for what are no bytes
 * @throws Error for what is no such file or is damaged, and for arrays of objects
 */
export function decodeNpz(bytes: Uint8Array, only?: readonly string[]): Readonly<Record<string, DecodedNpyArray>> {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`decodeNpz: expected the bytes of a file as a Uint8Array, got ${typed(bytes)}. Read the file.`)
  if (only !== undefined) checkGiven('decodeNpz', 'a list of names', only, 'list')
  const arrays: Record<string, DecodedNpyArray> = {}
  for (const { path, read } of filesInZip('decodeNpz', bytes)) {
    const name = path.replace(/\.npy$/, '')
    if (only === undefined || only.includes(name)) arrays[name] = decodeNpy(`decodeNpz, ${name}`, read())
  }
  return arrays
}

/** The names of the arrays in an `.npz` file, of which none is decoded. */
export const namesInNpz = (bytes: Uint8Array): readonly string[] =>
  filesInZip('decodeNpz', bytes).map(({ path }) => path.replace(/\.npy$/, ''))

function checkArray(name: string, array: NpyArray): void {
  const who = `encodeNpz, ${name}`
  checkGiven(who, 'an array { shape, data }', array, 'record')
  checkGiven(who, 'a shape, as in [2, 3]', array.shape, 'list')
  const { shape, data } = array
  const isNumbers = ArrayBuffer.isView(data) && !(data instanceof DataView)
  if (!isNumbers && !(Array.isArray(data) && data.every(one => typeof one === 'string'))) {
    throw new TypeError(
      `${who}: expected data as a typed array of numbers or a list of texts, got ${typed(data)}. ` +
        'Make one by Float32Array.from(values).'
    )
  }
  const count = shape.reduce((product, length) => product * length, 1)
  if (shape.every(length => Number.isInteger(length) && length >= 0) && count === (data as NpyData).length) return
  throw new RangeError(
    `${who}: expected a shape of ${(data as NpyData).length} elements, got [${shape.join(', ')}]. ` +
      'The product of its lengths is how many there are.'
  )
}
