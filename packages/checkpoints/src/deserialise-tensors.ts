import { checkOptions, own, type Owned } from '@lapstrake/core'
import * as tf from '@tensorflow/tfjs-core'
import { decodeSafetensors, type DecodeSafetensorsOptions } from './decode-safetensors.ts'
import { shown } from './shown.ts'
import { valuesOf } from './values-of.ts'

export interface DeserialiseTensorsOptions extends DecodeSafetensorsOptions {
  /** Is told what was left out, and of a file without a checksum; by default the console. */
  readonly onWarning?: ((warning: string) => void) | undefined
}

/**
 * Every tensor of a safetensors file by its name, whoever wrote it. Floats of 8, 16 and 64 bits become float32, rounded
 * where they are longer, and whole numbers int32. A tensor with numbers that TensorFlow.js cannot hold is left out, and
 * named in a warning.
 *
 * @throws Error that names the file if it is no safetensors file, or damaged
 */
export function deserialiseTensors(
  file: Uint8Array,
  options: DeserialiseTensorsOptions = {}
): Owned<Readonly<Record<string, tf.Tensor>>> {
  checkOptions<DeserialiseTensorsOptions>('deserialiseTensors', options, { name: 'string', onWarning: 'function' })
  const { name = 'safetensors', onWarning = console.warn } = options
  const { tensors, sealed } = decodeSafetensors(file, { name })
  if (!sealed) onWarning(unsealed(name))
  return own(() =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([key, stored]) => {
        const found = valuesOf(stored)
        if (typeof found !== 'string') return [[key, tf.tensor(found.values, [...stored.shape], found.type)]]
        const got = `${shown(key)} with ${shown(found)}`
        onWarning(`${name}: expected tensors that float32, int32 or bool can hold, got ${got}. It is left out.`)
        return []
      })
    )
  )
}

/** What is said of a file without a checksum. */
export const unsealed = (name: string): string =>
  `${name}: expected a checksum, got none, as in files of other programs. Damage to its numbers would not be noticed.`
