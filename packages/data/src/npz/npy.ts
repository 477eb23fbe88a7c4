/** What the numbers or texts of an array are kept in. */
export type NpyData =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[]

/** An array as NumPy has them: numbers or texts, row after row, the last axis the fastest. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly data: NpyData
}

/** An array of a file. */
export interface DecodedNpyArray extends NpyArray {
  /** What NumPy calls the type of its elements: `|u1` of bytes, `<f4` of float32, `|b1` of truths, `<U5` of texts. */
  readonly dtype: string
}

type Numbers = Exclude<NpyData, readonly string[]>

/** Types of NumPy without their order of bytes, and what holds them here. */
const holders = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f4: Float32Array,
  f8: Float64Array
} as const

const magic = '\x93NUMPY'

/**
 * The bytes of a `.npy` file, in format 1.0, or 3.0 where the header is long. Numbers are written in the order of bytes
 * of the machine, little-endian wherever this runs; texts as `<U`, padded to the longest.
 */
export function encodeNpy(who: string, { shape, data }: NpyArray): Uint8Array<ArrayBuffer> {
  const { dtype, bytes } = Array.isArray(data)
    ? textBytes(who, data as readonly string[])
    : numberBytes(data as Numbers)
  const length = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const record = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${length}), }`
  const start = Math.ceil((10 + record.length + 1) / 64) * 64
  const file = new Uint8Array(start + bytes.length)
  file.set(latin(magic), 0)
  file[6] = 1
  new DataView(file.buffer).setUint16(8, start - 10, true)
  file.set(latin(`${record.padEnd(start - 11)}\n`), 10)
  file.set(bytes, start)
  return file
}

/**
 * The array in a `.npy` file of any format. Numbers of other orders of bytes are turned, those in Fortran's order are
 * put row after row, and float16 becomes float32.
 *
 * @param who for messages, such as `digits.npz, x_train`
 * @throws Error for what is no such file, is cut short, or holds objects or records
 */
export function decodeNpy(who: string, file: Uint8Array): DecodedNpyArray {
  const { dtype, isFortran, shape, start } = headerOf(who, file)
  const [, order, kind, width] = /^([<>|=])([a-zA-Z])(\d+)$/.exec(dtype) ?? []
  const count = shape.reduce((product, length) => product * length, 1)
  const each = kind === 'U' ? 4 * Number(width) : Number(width)
  const bytes = file.subarray(start)
  const isKnown = kind === 'U' || kind === 'S' || `${kind}${width}` === 'f2' || `${kind}${width}` in holders
  if (!isKnown) {
    const what = /O/.test(dtype) ? 'objects, which run code when they are read' : `elements of type ${dtype}`
    throw new Error(
      `${who}: expected numbers or texts, got ${what}. Save it as an array of numbers: array.astype('u1').`
    )
  }
  if (bytes.length !== count * each) {
    throw new Error(
      `${who}: expected ${count * each} bytes of an array of (${shape.join(', ')}), got ${bytes.length}. ` +
        'The file is damaged or cut short: save it anew.'
    )
  }
  const own = order === '>' ? turned(bytes, kind === 'U' ? 4 : each) : bytes
  const data =
    kind === 'U' || kind === 'S'
      ? textsOf(own, { count, width: Number(width), isUnicode: kind === 'U' })
      : numbersOf(own, `${kind}${width}`)
  return { dtype, shape, data: isFortran ? rowAfterRow(data, shape) : data }
}

interface Header {
  readonly dtype: string
  readonly isFortran: boolean
  readonly shape: readonly number[]
  /** Where the numbers begin. */
  readonly start: number
}

function headerOf(who: string, file: Uint8Array): Header {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const isNpy = file.length >= 12 && text(file.subarray(0, 6)) === magic
  const [at, length] = !isNpy ? [0, 0] : file[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)]
  const record = text(file.subarray(at, at + length))
  const dtype = /'descr':\s*('[^']*'|\[.*?\]\s*(?=,\s*'|\}))/.exec(record)?.[1]?.replace(/^'|'$/g, '')
  const order = /'fortran_order':\s*(True|False)/.exec(record)?.[1]
  const lengths = /'shape':\s*\(([\d,\sL]*)\)/.exec(record)?.[1]
  if (!isNpy || record.length < length || dtype === undefined || order === undefined || lengths === undefined)
    throw new Error(`${who}: expected an array as numpy.save writes it, got other bytes. Save it anew.`)
  const shape = lengths.split(',').flatMap(one => (one.trim() === '' ? [] : [Number.parseInt(one)]))
  return { dtype, isFortran: order === 'True', shape, start: at + length }
}

function numberBytes(data: Numbers): { readonly dtype: string; readonly bytes: Uint8Array } {
  const holder = data instanceof Uint8ClampedArray ? Uint8Array : data.constructor
  const kind = Object.entries(holders).findLast(([, one]) => one === holder)![0]
  return {
    dtype: `${kind.endsWith('1') ? '|' : '<'}${kind}`,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
}

function textBytes(who: string, texts: readonly string[]): { readonly dtype: string; readonly bytes: Uint8Array } {
  const points = texts.map(one => Array.from(one, letter => letter.codePointAt(0)!))
  const width = points.reduce((most, one) => Math.max(most, one.length), 1)
  const written = new Uint32Array(texts.length * width)
  points.forEach((one, i) => {
    // NumPy cuts zeros off the end of a text.
    if (one.at(-1) === 0)
      throw new Error(`${who}: expected texts that do not end with a zero, got one at ${i}. Cut it.`)
    written.set(one, i * width)
  })
  return { dtype: `<U${width}`, bytes: new Uint8Array(written.buffer) }
}

function numbersOf(bytes: Uint8Array, kind: string): Numbers {
  if (kind === 'f2') return Float32Array.from(numbersOf(bytes, 'u2') as Uint16Array, halfToFloat)
  const Holder = holders[kind as keyof typeof holders]
  if (Holder === Uint8Array) return bytes
  // What lies at any place in a file is copied to where its numbers may begin.
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % Holder.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice()
  return new Holder(buffer as ArrayBuffer, byteOffset, byteLength / Holder.BYTES_PER_ELEMENT)
}

function textsOf(
  bytes: Uint8Array,
  { count, width, isUnicode }: { readonly count: number; readonly width: number; readonly isUnicode: boolean }
): readonly string[] {
  const letters = isUnicode ? (numbersOf(bytes, 'u4') as Uint32Array) : bytes
  return Array.from({ length: count }, (_, i) => {
    const one = Array.from(letters.subarray(i * width, (i + 1) * width))
    const end = one.findLastIndex(letter => letter !== 0) + 1
    return String.fromCodePoint(...one.slice(0, end))
  })
}

/** The bytes of each number, last first. */
function turned(bytes: Uint8Array, width: number): Uint8Array {
  const all = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) all[i] = bytes[i - (i % width) + width - 1 - (i % width)]!
  return all
}

/** What lies with the first axis the fastest, with the last. */
function rowAfterRow(data: NpyData, shape: readonly number[]): NpyData {
  const all: NpyData = Array.isArray(data) ? [...(data as readonly string[])] : (data as Numbers).slice()
  const place = shape.map(() => 0)
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, length) => product * length, 1))
  for (let i = 0; i < data.length; i++) {
    const from = place.reduce((sum, at, axis) => sum + at * strides[axis]!, 0)
    ;(all as (string | number)[])[i] = (data as (string | number)[])[from]!
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis]! === shape[axis]; axis--) place[axis] = 0
  }
  return all
}

/** Sixteen bits as IEEE 754 has them. */
function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const [exponent, fraction] = [(half >> 10) & 31, half & 1023]
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const latin = (letters: string): Uint8Array => Uint8Array.from(letters, letter => letter.charCodeAt(0))
const text = (bytes: Uint8Array): string => Array.from(bytes, byte => String.fromCharCode(byte)).join('')
