import { checkGiven, checkOptions, namedLeaves, own, withLeaves, type Owned, type Tree } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { decodeSafetensors } from './decode-safetensors.ts'
import { unsealed, type DeserialiseTensorsOptions } from './deserialise-tensors.ts'
import type { Dtype } from './dtypes.ts'
import { encodeSafetensors, type StoredTensor } from './encode-safetensors.ts'
import { decodeNumbers, encodeNumbers } from './numbers.ts'
import { shown } from './shown.ts'
import { valuesOf, type Values } from './values-of.ts'

/** The types that a tree may have: how TensorFlow.js and the file call them. */
const types: readonly (readonly [Values['type'], Dtype])[] = [
  ['float32', 'F32'],
  ['int32', 'I32'],
  ['bool', 'BOOL']
]
const numbersKey = 'lapstrake.numbers'

/**
 * A tree of tensors and numbers as a safetensors file: tensors under their dotted names, numbers in the metadata. The
 * state of a trainer is such a tree.
 *
 * @throws Error for other values, for tensors of other types than float32, int32 and bool, and for a name that two
 * leaves would have
 */
export async function serialiseTree(
  tree: unknown,
  metadata: Readonly<Record<string, string>> = {}
): Promise<Uint8Array> {
  checkGiven('serialiseTree', 'metadata by name, as in { format: "mine-1" }', metadata, 'record')
  const tensors = new Map<string, StoredTensor>()
  const numbers = new Map<string, number>()
  for (const { name, value } of namedLeaves(tree as Tree<unknown>)) {
    if (tensors.has(name) || numbers.has(name)) {
      throw new Error(
        `serialiseTree: expected a name of its own for every leaf, got ${name} twice. Leave dots out of the names.`
      )
    }
    if (typeof value === 'number') numbers.set(name, value)
    else tensors.set(name, await stored(name, value))
  }
  const { [numbersKey]: _, ...words } = metadata
  return encodeSafetensors({
    tensors: Object.fromEntries(tensors),
    metadata: numbers.size === 0 ? words : { ...words, [numbersKey]: encodeNumbers(numbers) }
  })
}

async function stored(name: string, value: unknown): Promise<StoredTensor> {
  if (!(value instanceof tf.Tensor)) {
    const type = value === null ? 'null' : typeof value
    throw new Error(
      `serialiseTree: expected tensors and numbers, got ${name} of type ${type}. Leave it out, or make it metadata.`
    )
  }
  const [, dtype] = types.find(([type]) => type === value.dtype) ?? []
  if (dtype === undefined) {
    throw new Error(`serialiseTree: expected float32, int32 or bool tensors, got ${name} of type ${value.dtype}.`)
  }
  const data = (await value.data()) as Values['values']
  return { dtype, shape: value.shape, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice() }
}

export interface DeserialiseTreeOptions extends DeserialiseTensorsOptions {
  /** Leaves alone what the file holds beyond `like`, instead of refusing it: to take an encoder from a whole run. */
  readonly ignoreRest?: boolean | undefined
  /** Reads only what the tree that was written holds under this name. */
  readonly part?: string | undefined
}

/**
 * Reads back what {@link serialiseTree} wrote, in the form of `like`, whose values do not matter and are left alone.
 *
 * @throws Error that names the file, and what is damaged or the first leaf that is missing, too much or of another form
 */
export function deserialiseTree<T>(file: Uint8Array, like: T, options: DeserialiseTreeOptions = {}): Owned<T> {
  checkOptions<DeserialiseTreeOptions>('deserialiseTree', options, {
    name: 'string',
    ignoreRest: 'boolean',
    part: 'string',
    onWarning: 'function'
  })
  const { name: path = 'safetensors', ignoreRest = false, part, onWarning = console.warn } = options
  const { tensors: all, metadata, sealed } = decodeSafetensors(file, { name: path })
  if (!sealed) onWarning(unsealed(path))
  const tensors = within(part, Object.entries(all))
  const numbers = within(
    part,
    decodeNumbers(metadata[numbersKey] ?? '{}', what => {
      throw new Error(
        `${path}: expected the numbers of a tree as JSON, got a "${numbersKey}" that ${what}. Put back a copy.`
      )
    })
  )
  const leaves = namedLeaves(like as Tree<unknown>)
  const differs = (what: string): never => {
    throw new Error(`${path}: expected the same recipe that wrote the file, but the file ${what}.`)
  }
  const wanted = new Set(leaves.map(leaf => leaf.name))
  const stranger = [...tensors.keys(), ...numbers.keys()].find(name => !wanted.has(name))
  if (stranger !== undefined && !ignoreRest) differs(`also holds ${shown(stranger)}`)
  const read = (): unknown =>
    withLeaves(
      like as Tree<unknown>,
      leaves.map(({ name, value }) => {
        const found = tensors.get(name) ?? numbers.get(name) ?? differs(`lacks ${name}`)
        if (formOf(found) !== formOf(value)) {
          throw new Error(
            `${path}: expected ${name} to be ${formOf(value)}, got ${formOf(found)}. ` +
              'Use the recipe that wrote the file.'
          )
        }
        return typeof found === 'number' ? found : tensorOf(found)
      })
    )
  return own(() => read() as T)
}

/** What stands under a name, by the rest of its names; everything where no name is given. */
function within<T>(part: string | undefined, named: Iterable<readonly [string, T]>): ReadonlyMap<string, T> {
  if (part === undefined) return new Map(named)
  return new Map(
    [...named].flatMap(([name, value]) => (name.startsWith(`${part}.`) ? [[name.slice(part.length + 1), value]] : []))
  )
}

/** What a leaf is, in a tree or in a file, said alike for both. */
function formOf(leaf: unknown): string {
  if (leaf instanceof tf.Tensor) return `${leaf.dtype} of shape [${leaf.shape.join(', ')}]`
  if (typeof leaf !== 'object' || leaf === null) return `a ${typeof leaf}`
  const { dtype, shape } = leaf as StoredTensor
  return `${types.find(([, known]) => known === dtype)?.[0] ?? dtype} of shape [${shape.join(', ')}]`
}

function tensorOf(stored: StoredTensor): tf.Tensor {
  const { values, type } = valuesOf(stored) as Values
  return tf.tensor(values, [...stored.shape], type)
}
