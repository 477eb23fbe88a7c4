import { namedLeaves, own, withLeaves, type Owned, type Tree } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { decodeSafetensors, encodeSafetensors, type Dtype, type StoredTensor } from './safetensors.ts'

const dtypes = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const
const numbersKey = 'lapstrake.numbers'

/**
 * A tree of tensors and numbers as a safetensors file: tensors under their dotted names, numbers in the metadata. The state of a
 * trainer is such a tree.
 *
 * @throws Error for tensors of other types than float32, int32 and bool
 */
export async function serialiseTree(tree: unknown, metadata: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
  const leaves = namedLeaves(tree as Tree<tf.Tensor | number>)
  const tensors: Record<string, StoredTensor> = {}
  const numbers: Record<string, number> = {}
  for (const { name, value } of leaves) {
    if (typeof value === 'number') {
      numbers[name] = value
      continue
    }
    const dtype: Dtype | undefined = dtypes[value.dtype as keyof typeof dtypes]
    if (dtype === undefined) throw new Error(`serialiseTree: expected float32, int32 or bool tensors, got ${name} of type ${value.dtype}.`)
    const data = await value.data() as Float32Array | Int32Array | Uint8Array
    tensors[name] = { dtype, shape: value.shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() }
  }
  const extra = Object.keys(numbers).length > 0 ? { [numbersKey]: JSON.stringify(numbers) } : {}
  return encodeSafetensors({ tensors, metadata: { ...metadata, ...extra } })
}

export interface DeserialiseOptions {
  /** Leaves alone what the file holds beyond `like`, instead of refusing the file: to take an encoder from a whole run. */
  readonly ignoreRest?: boolean
  /** Reads only what the tree that was written holds under this name. */
  readonly part?: string
}

/**
 * Reads back what {@link serialiseTree} wrote, in the form of `like`, whose values do not matter and are left alone.
 *
 * @throws Error that names the first leaf that is missing, too much or of another shape
 */
export function deserialiseTree<T>(file: Uint8Array, like: T, { ignoreRest = false, part }: DeserialiseOptions = {}): Owned<T> {
  const { tensors: all, metadata } = decodeSafetensors(file)
  const tensors = within(part, all)
  const numbers = within(part, JSON.parse(metadata[numbersKey] ?? '{}') as Record<string, number>)
  const leaves = namedLeaves(like as Tree<tf.Tensor | number>)
  const wanted = new Set(leaves.map(({ name }) => name))
  const stranger = [...Object.keys(tensors), ...Object.keys(numbers)].find(name => !wanted.has(name))
  if (stranger !== undefined && !ignoreRest) throw new Error(`deserialiseTree: expected the same recipe that wrote the file, but the file also holds ${stranger}.`)
  return own(() => withLeaves(like as Tree<unknown>, leaves.map(({ name, value }) => {
    if (typeof value === 'number') {
      const number = numbers[name]
      if (number === undefined) throw new Error(`deserialiseTree: expected the same recipe that wrote the file, but the file lacks ${name}.`)
      return number
    }
    const stored = tensors[name]
    if (stored === undefined) throw new Error(`deserialiseTree: expected the same recipe that wrote the file, but the file lacks ${name}.`)
    if (stored.shape.join() !== value.shape.join() || stored.dtype !== dtypes[value.dtype as keyof typeof dtypes]) {
      throw new Error(
        `deserialiseTree: expected ${name} to be ${value.dtype} of shape [${value.shape.join(', ')}], ` +
        `got ${stored.dtype} of shape [${stored.shape.join(', ')}]. Use the recipe that wrote the file.`)
    }
    return tensorOf(stored)
  }))) as unknown as Owned<T>
}

/**
 * Every tensor of a safetensors file by its name, whoever wrote it. Halves (F16, BF16) become float32, whole numbers int32.
 *
 * @throws Error if it is no such file, or has other types of numbers
 */
export const deserialiseTensors = (file: Uint8Array): Owned<Readonly<Record<string, tf.Tensor>>> => own(() =>
  Object.fromEntries(Object.entries(decodeSafetensors(file).tensors).map(([name, stored]) => [name, tensorOf(stored)])))

/** What stands under a name, by the rest of its names; everything where no name is given. */
function within<T>(part: string | undefined, named: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  if (part === undefined) return named
  return Object.fromEntries(Object.entries(named).filter(([name]) => name.startsWith(`${part}.`)).map(([name, value]) => [name.slice(part.length + 1), value]))
}

function tensorOf({ shape, dtype, bytes }: StoredTensor): tf.Tensor {
  // A copy with a buffer of its own; `slice` would not do, for Node's Buffer shares memory there.
  const { buffer } = new Uint8Array(bytes)
  const tensor = (values: tf.TypedArray, type: tf.DataType): tf.Tensor => tf.tensor(values, [...shape], type)
  switch (dtype) {
    case 'F32': return tensor(new Float32Array(buffer), 'float32')
    case 'F16': return tensor(Float32Array.from(new Uint16Array(buffer), halfToNumber), 'float32')
    // The upper half of a float32.
    case 'BF16': return tensor(new Float32Array(Uint32Array.from(new Uint16Array(buffer), bits => bits << 16).buffer), 'float32')
    case 'I64': return tensor(Int32Array.from(new BigInt64Array(buffer), Number), 'int32')
    case 'I32': return tensor(new Int32Array(buffer), 'int32')
    case 'U8': return tensor(Int32Array.from(new Uint8Array(buffer)), 'int32')
    case 'BOOL': return tensor(new Uint8Array(buffer), 'bool')
  }
}

/** One bit for the sign, five for the exponent, ten for the fraction (IEEE 754). */
function halfToNumber(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, bits >> 10 & 31, bits & 1023]
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction)
}
