import { decodeSafetensors, deserialiseTensors } from '@lapstrake/checkpoints'
import { checkOptions, dispose, type Owned } from '@lapstrake/core'
import { bytesFrom, readImages, type BytesSource } from '@lapstrake/data'
import * as tf from '@tensorflow/tfjs-core'
import type { Encoder, EncodingOptions } from './encoder.ts'
import { checkInputs, maybePooled } from './encoder-of.ts'
import { parseProgram } from './program.ts'
import { follow, lacking, stepsTo } from './run-program.ts'

/** An encoder from a file. */
export interface LoadedEncoder extends Encoder {
  /** What it was called as it was written: the name of its recipe. */
  readonly name: string
}

/** What the metadata of a file say that holds a network of this version. */
export const format = 'lapstrake-network-1'

/**
 * Opens the `network.safetensors` that `lapstrake export` writes, on the backend that is set, in Node and in a page:
 *
 *     const { encode, read, dispose } = await loadEncoder('network.safetensors')
 *     const images = await read(file)
 *     const features = encode(images, { pooled: true }) // [1, channels]
 *
 * The file holds weights and the kernels of TensorFlow.js that run on them, as data: nothing of it is run as a program
 * of its own, and the recipe is not needed.
 *
 * @param source the file by its path (in Node) or its address, as a `Blob` or as bytes
 * @throws TypeError for what is no place of a file
 * @throws Error if the file is not there, damaged, of another version or no network, or the backend lacks a kernel
 */
export async function loadEncoder(source: BytesSource): Promise<LoadedEncoder> {
  const bytes = await bytesFrom('loadEncoder', source, 'a file of a network, such as network.safetensors')
  const backend = tf.getBackend()
  if (!backend)
    throw new Error("loadEncoder: expected a backend to be set, got none. Call await useBackend('wasm') before.")
  const file = typeof source === 'string' || source instanceof URL ? String(source) : 'loadEncoder'
  const { tensors, metadata } = decodeSafetensors(bytes, { name: file })
  checkFormat(file, metadata.format)
  const program = parseProgram(metadata.program ?? '', new Set(Object.keys(tensors)), what => {
    throw new Error(`${file}: expected a network as lapstrake exports it, got one whose ${what}. Export it again.`)
  })
  const [missing] = lacking(program, backend)
  if (missing !== undefined) {
    throw new Error(
      `${file}: expected a backend that can run the network, but ${backend} lacks the kernel ${missing}. ` +
        'Set another before, or export the network on this one.'
    )
  }
  const constants = deserialiseTensors(bytes, { name: file })
  const { shapes } = program
  const levels = shapes.map((_, level) => stepsTo(program, level))
  return {
    name: metadata.name ?? '',
    shapes,
    encode(inputs, options = {}) {
      checkOptions<EncodingOptions>('encode', options, { level: 'number', pooled: 'boolean' })
      const { level = levels.length - 1, pooled } = options
      const steps = levels[level]
      if (steps === undefined)
        throw new RangeError(
          `encode: expected a level of 0 to ${levels.length - 1}, one above each stage, got ${level}.`
        )
      checkInputs(inputs, shapes[0]!)
      if (Object.values(constants).some(({ isDisposed }) => isDisposed))
        throw new Error('encode: expected an encoder that is open, got one that was disposed. Load it again.')
      return maybePooled(() => follow(steps, constants, inputs), pooled)
    },
    read: (images, options) => readImages(images, shapes[0]!, options),
    dispose: () => dispose(constants as Owned<unknown>)
  }
}

function checkFormat(file: string, found = ''): void {
  if (found === format) return
  const what = /^lapstrake-network-/.test(found)
    ? `the version ${found}, which this lapstrake does not know. Update it`
    : found === ''
      ? 'weights of another program. Export a run: lapstrake export runs/loco-0'
      : `${found}, weights without their network. Take the network.safetensors that lapstrake export writes beside it`
  throw new Error(`${file}: expected a network of the format ${format}, got ${what}.`)
}
